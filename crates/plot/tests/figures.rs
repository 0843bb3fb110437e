//! Figures from outside: the files they leave, and the numbers they must bear.

use candle_mle_plot::{Axis, Error, Figure, Ink, Panel, ellipse};

fn figure() -> Figure {
    let wave = (0..200).map(|k| f64::from(k) / 20.0).map(|x| (x, x.sin()));
    let panel = Panel::new(Axis::new("θ"), Axis::new("KL (bits)")).line(wave, Ink::Blue).label("KL").dashed();
    let map = Panel::new(Axis::new("a"), Axis::new("b"));
    let map = map.heat(&[0.0, 1.0], &[0.0, 1.0], &[0.0, 1.0, 2.0, 3.0], Axis::new("nats")).contours(&[1.5]);
    Figure::new("A finding").column([panel.mark(1.5, 1.0, "argmax")]).column([map]).size(800, 450)
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.PNG", "new/folder/c.png", "d.svg", "e.svg"] {
        figure().save(folder.path().join(name)).unwrap();
    }
    let bytes = |name| std::fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("a.png").starts_with(b"\x89PNG"));
    assert!(bytes("a.png") == bytes("b.PNG") && bytes("a.png") == bytes("new/folder/c.png"));
    assert!(bytes("d.svg") == bytes("e.svg"));
    let svg = String::from_utf8(bytes("d.svg")).unwrap();
    assert!(svg.contains("width=\"800\" height=\"450\" viewBox=\"0 0 80000 45000\"") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("A finding") && svg.contains("KL (bits)") && svg.contains("argmax"));
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 5, "only the figures and the new folder are left");
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    // Below a file, no folder can be made; onto a folder, nothing can be renamed.
    let below = file.join("figure.png");
    let onto = folder.path().join("folder.svg");
    std::fs::create_dir(&onto).unwrap();
    for path in [&below, &onto] {
        let error = figure().save(path).unwrap_err();
        assert!(matches!(error, Error::FigureWrite { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(matches!(figure().save(folder.path().join("figure.jpg")), Err(Error::FigureFormat { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn no_number_makes_a_figure_panic() {
    let folder = tempfile::tempdir().unwrap();
    let odd = [0.0, -0.0, 1.0, -1.0, 1e-310, 1e308, -1e308, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let axes = || [Axis::new("x"), Axis::new("x").log(), Axis::new("x").steps(), Axis::new("x").categories(&[""; 0])];
    let all = || odd.iter().flat_map(|a| odd.iter().map(move |b| (*a, *b)));
    for (x, y) in axes().into_iter().flat_map(|x| axes().map(|y| (x.clone(), y))) {
        let empty =
            Panel::new(x.clone(), y.clone()).line([], Ink::Blue).points([], Ink::Blue).label("").hline(f64::NAN, "");
        let full = Panel::new(x.clone(), y.clone())
            .line(all(), Ink::Blue)
            .dashed()
            .width(f64::NAN)
            .errors(all().map(|(a, b)| (a, b, a)), Ink::Purple)
            .discs(all().map(|(a, b)| (a, b, a)), Ink::Green)
            .bars(all().map(|(a, b)| (a, b, b)), Ink::Orange)
            .band(all().map(|(a, b)| (a, a, b)), Ink::Grey)
            .line(ellipse([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]], 1.0), Ink::Black);
        let noted =
            odd.iter().fold(full, |panel, v| panel.hline(*v, "across").vline(*v, "upright").mark(*v, *v, "mark"));
        let one = Panel::new(x, y).line([(3.0, 0.7)], Ink::Blue).points([(3.0, 0.7)], Ink::Blue);
        let figure = Figure::new("").column([empty, noted]).column_of(f64::NAN, [one]).size(400, 300);
        figure.save(folder.path().join("odd.svg")).unwrap();
        figure.save(folder.path().join("odd.png")).unwrap();
    }
    let map =
        |bar| Panel::new(Axis::new("x"), Axis::new("y")).heat(&odd, &odd, &[odd; 10].concat(), bar).contours(&odd);
    Figure::new("maps")
        .column([map(Axis::new("v"))])
        .column([map(Axis::new("v").log())])
        .save(folder.path().join("map.png"))
        .unwrap();
}

#[test]
fn what_cannot_be_drawn_is_a_typed_error() {
    let folder = tempfile::tempdir().unwrap();
    let save = |panel: Panel| Figure::new("t").column([panel]).save(folder.path().join("t.png"));
    let panel = || Panel::new(Axis::new("x"), Axis::new("y"));
    assert!(matches!(save(panel().right_axis("r", f64::NAN)), Err(Error::AxisFactor { .. })));
    assert!(matches!(
        save(panel().cells(&[1.0], Axis::new("p"))),
        Err(Error::HeatShape { rows: 0, columns: 0, found: 1 })
    ));
    assert!(matches!(
        save(Panel::new(Axis::new("x").log().range(-1.0, 1.0), Axis::new("y"))),
        Err(Error::AxisRange { lo: -1.0, .. })
    ));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
