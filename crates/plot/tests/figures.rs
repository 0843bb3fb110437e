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

fn svg(figure: &Figure) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.svg");
    figure.save(&path).unwrap();
    std::fs::read_to_string(path).unwrap()
}

fn drawn(panel: Panel) -> String {
    svg(&Figure::new("t").column([panel]))
}

fn plain() -> Panel {
    Panel::new(Axis::new("x"), Axis::new("y"))
}

/// Whatever is in a name, an XML parser reads the file.
#[test]
fn control_characters_have_pictures() {
    for character in
        ['\u{0}', '\u{1}', '\u{8}', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{fffe}', '\u{ffff}']
    {
        let word = format!("a{character}b");
        let panel = Panel::new(Axis::new(&word), Axis::new("y").categories(&[&word])).title(&word);
        let figure =
            Figure::new(&word).subtitle(&word).column([panel.line([(0.0, 0.0), (1.0, 0.0)], Ink::Blue).label(&word)]);
        let text = svg(&figure);
        let holds = |c: char| c == '\n' || !c.is_control() && c < '\u{fffe}';
        assert!(text.chars().all(holds), "U+{:04X}", u32::from(character));
        let told = figure.without_glyph();
        assert!(character.is_whitespace() || told.iter().any(|(c, _)| *c == character), "{told:?}");
    }
    assert!(drawn(plain().title("\u{1b}[31m")).contains("␛[31m"));
}

/// Small beside where they are, differences are seen, and rounding is not.
#[test]
fn small_differences_are_not_flat() {
    let heights = |panel: Panel| {
        let text = drawn(panel);
        // Neither the grid nor the edges of the plot.
        let other = |line: &&str| ["#828282", "#E4E4E4"].iter().all(|grey| !line.to_uppercase().contains(grey));
        let line = text.lines().filter(|line| line.starts_with("<polyline")).rfind(other).unwrap_or_default();
        let points =
            line.split("points=\"").nth(1).unwrap_or_default().split('"').next().unwrap_or_default().to_string();
        let heights: Vec<f64> =
            points.split_whitespace().filter_map(|point| point.split(',').nth(1)?.parse().ok()).collect();
        heights.iter().copied().fold(f64::MIN, f64::max) - heights.iter().copied().fold(f64::MAX, f64::min)
    };
    let line = |ys: [f64; 3]| plain().line([1.0, 2.0, 3.0].into_iter().zip(ys), Ink::Blue);
    for ys in [[1e12, 1e12 + 5.0, 1e12 + 2.0], [1e15, 1e15 + 1.0, 1e15 + 2.0], [1e9, 1e9 + 1e-3, 1e9]] {
        assert!(heights(line(ys)) > 30_000.0, "{ys:?}: {}", heights(line(ys)));
    }
    assert!(heights(line([0.3, 0.1 + 0.2, 0.3])) < 100.0);
}

#[test]
fn what_has_no_place_is_told() {
    let words = "no value has a place on these axes";
    assert!(drawn(plain().line([(0.0, 1.7e308), (1.0, -1.7e308)], Ink::Blue)).contains(words));
    let logarithmic = Panel::new(Axis::new("x"), Axis::new("y").log());
    assert!(drawn(logarithmic.clone().points([(1.0, 0.0), (2.0, -3.0)], Ink::Blue)).contains(words));
    assert!(!drawn(logarithmic.points([(1.0, 0.0), (2.0, 3.0)], Ink::Blue)).contains(words));
    let map = plain().heat(&[0.0, 2.0, 1.0], &[0.0], &[1.0, 2.0, 3.0], Axis::new("v"));
    let refused = Figure::new("t").column([map]).save("never.svg").unwrap_err();
    assert!(matches!(&refused, Error::HeatOrder { axis } if axis == "x"), "{refused}");
    let venn = |shared: f64, left: f64| drawn(Panel::venn([(left, "H(X)"), (1.0, "H(Y)")], (shared, "I"), ["a", "b"]));
    assert!(venn(3.0, 2.0).contains("more is shared") && venn(-1.0, 2.0).contains("less than nothing"));
    assert!(venn(f64::NAN, 2.0).contains("have no circle") && venn(0.5, -1.0).contains("have no circle"));
    assert!(!venn(1.0, 2.0).contains("not to scale"));
}

/// What has no weight is the smallest, whatever the others weigh.
#[test]
fn only_weights_make_discs_large() {
    for (weight, large) in [(1e300, 1), (3.0, 1)] {
        let discs = [(0.0, 0.0, weight), (1.0, 1.0, -5.0), (2.0, 2.0, f64::NAN), (3.0, 3.0, 0.0)];
        let text = drawn(plain().discs(discs, Ink::Blue));
        let radius = |line: &str| line.split(" r=\"").nth(1)?.split('"').next()?.parse::<f64>().ok();
        let radii: Vec<f64> = text.lines().filter(|line| line.starts_with("<circle")).filter_map(radius).collect();
        assert_eq!(radii.iter().filter(|r| **r > 500.0).count(), large, "{radii:?}");
        assert!(radii.iter().filter(|r| **r < 300.0).count() >= 3, "{radii:?}");
    }
}
