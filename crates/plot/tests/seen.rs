//! What a reader sees: read off the shapes of an SVG, and off the pixels of a PNG.

use std::collections::BTreeSet;

use candle_mle_plot::{Axis, Figure, Ink, Panel, Twig, ellipse};

/// The elements of a figure's SVG, one a shape, in hundredths of pixels.
fn svg(figure: &Figure) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.svg");
    figure.save(&path).unwrap();
    let svg = std::fs::read_to_string(path).unwrap();
    let first = svg.strip_prefix('<').unwrap();
    first.split("\n<").map(|element| format!("<{element}")).collect()
}

fn alone(panel: Panel) -> Vec<String> {
    svg(&Figure::new("t").column([panel]))
}

fn panel() -> Panel {
    Panel::new(Axis::new("x"), Axis::new("y"))
}

/// An attribute of a shape.
fn attribute<'a>(shape: &'a str, name: &str) -> Option<&'a str> {
    let start = shape.find(&format!(" {name}=\""))? + name.len() + 3;
    shape[start..].split('"').next().map(str::trim)
}

fn number(shape: &str, name: &str) -> f64 {
    attribute(shape, name).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

fn of<'a>(shapes: &'a [String], tag: &str) -> Vec<&'a String> {
    shapes.iter().filter(|shape| shape.starts_with(&format!("<{tag} "))).collect()
}

/// The words of all texts, in their order.
fn texts(shapes: &[String]) -> Vec<String> {
    let words = |shape: &&String| shape[shape.find('>').unwrap() + 1..].trim().to_string();
    of(shapes, "text").iter().map(words).map(|text| text.replace("&gt;", ">")).collect()
}

/// The contrast of a colour to white, as WCAG 2.1 measures it.
fn contrast([r, g, b]: [f64; 3]) -> f64 {
    let light = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    1.05 / (0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b) + 0.05)
}

/// How a fill looks on white.
fn laid(shape: &str) -> [f64; 3] {
    let hex = attribute(shape, "fill").unwrap();
    let alpha = number(shape, "opacity");
    [1, 3, 5].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0 * alpha + 1.0 - alpha)
}

/// A tree of so many kinds, and two to the `depth` leaves.
fn tree(kinds: usize, depth: u32, words: &str) -> Panel {
    fn twig(kinds: usize, depth: u32, at: usize, words: &str) -> Twig {
        let twigs: Vec<Twig> = match depth {
            0 => vec![],
            _ => (0..2).map(|k| twig(kinds, depth - 1, 2 * at + k, words)).collect(),
        };
        let sum = |kind: usize| twigs.iter().map(|twig| twig.amounts[kind]).sum();
        let own = |kind: usize| if (at + kind).is_multiple_of(3) { 0.0 } else { (1 + kind) as f64 };
        let amounts = (0..kinds).map(|kind| if depth == 0 { own(kind) } else { sum(kind) }).collect();
        Twig { amounts, words: format!("{words}{at}."), twigs }
    }
    let names: Vec<String> = (0..kinds).map(|kind| format!("kind {kind}")).collect();
    Panel::tree(&names, &twig(kinds, depth, 1, words))
}

#[test]
fn from_three_inks_on_points_have_shapes_and_lines_have_marks() {
    let inks = Ink::for_names(&["a", "b", "c"]);
    let points = |count: usize| {
        let add = |panel: Panel, ink: &Ink| panel.points([(1.0, 2.0), (2.0, 1.0), (3.0, 3.0)], *ink).label("class");
        alone(inks[..count].iter().fold(panel(), add))
    };
    let shapes = |lines: &[String]| (of(lines, "circle").len(), of(lines, "polygon").len());
    // Three points of each and one in the legend.
    assert_eq!(shapes(&points(2)), (8, 0));
    assert_eq!(shapes(&points(3)), (4, 8));
    let corners = |shape: &String| attribute(shape, "points").unwrap().split(' ').count();
    let all: BTreeSet<usize> = of(&points(3), "polygon").iter().map(|shape| corners(shape)).collect();
    assert_eq!(all, BTreeSet::from([3, 4]), "squares and triangles");
    let lines = |count: usize| {
        let add = |panel: Panel, ink: &Ink| panel.line([(0.0, 0.0), (9.0, 9.0)], *ink).label("class");
        of(&alone(inks[..count].iter().fold(panel(), add)), "polygon").len()
    };
    assert_eq!(lines(2), 0);
    assert!(lines(3) >= 2 * 4, "{}", lines(3));
}

#[test]
fn a_line_between_few_values_is_marked_where_they_are() {
    let inks = Ink::for_names(&["a", "b", "c"]);
    let values = [(0.0, 0.0), (1.0, 8.0), (2.0, 1.0), (3.0, 9.0), (10.0, 4.0)];
    let drawn = alone(inks.iter().fold(panel(), |panel, ink| panel.line(values, *ink).label("class")));
    let middle = |shape: &&String| {
        let corners = attribute(shape, "points").unwrap().split(' ').map(|corner| corner.split_once(',').unwrap());
        let x: Vec<f64> = corners.map(|(x, _)| x.parse().unwrap()).collect();
        x.iter().copied().fold(f64::INFINITY, f64::min) / 2.0 + x.iter().copied().fold(0.0, f64::max) / 2.0
    };
    // The second ink's are squares, in the plot and, smaller in x, in the legend.
    let square = |shape: &&&String| attribute(shape, "points").unwrap().split(' ').count() == 4;
    let places: Vec<f64> = of(&drawn, "polygon").iter().filter(square).map(middle).collect();
    assert_eq!(places.len(), 6, "{places:?}");
    let inside: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0.0).collect();
    let last = inside.len() - 1;
    assert!(
        (inside[last] / inside[last - 1] - 7.0).abs() < 0.1,
        "from 3 to 10 it is as far as seven times from 2 to 3: {places:?}"
    );
}

#[test]
fn areas_of_discs_are_on_one_scale_and_the_legend_tells_it() {
    let discs = panel().discs([(1.0, 1.0, 1000.0), (2.0, 2.0, 250.0)], Ink::Blue);
    let drawn = alone(discs.discs([(3.0, 3.0, 250.0), (4.0, 4.0, 90.0)], Ink::Vermillion));
    let radii: Vec<f64> = of(&drawn, "circle").iter().map(|disc| number(disc, "r")).collect();
    assert_eq!(radii.len(), 4, "{radii:?}");
    assert_eq!(radii[1], radii[2], "as many observations, as large a disc, whatever the class");
    assert!((radii[0] / radii[1] - 2.0).abs() < 1e-2 && (radii[0] / radii[3]).powi(2) > 11.0, "{radii:?}");
    assert!(["500", "100"].iter().all(|size| texts(&drawn).contains(&(*size).into())), "{:?}", texts(&drawn));
    let equal = alone(panel().discs((0..9).map(|k| (f64::from(k), 1.0, 188.0)), Ink::Blue));
    assert!(texts(&equal).contains(&"188 each".into()), "{:?}", texts(&equal));
}

#[test]
fn streams_and_the_edges_of_discs_stand_out_from_white() {
    let drawn = alone(tree(6, 3, "word "));
    let streams: Vec<_> = of(&drawn, "polygon").into_iter().map(|shape| contrast(laid(shape))).collect();
    assert!(streams.len() > 40 && streams.iter().all(|contrast| *contrast >= 3.0), "{streams:?}");
    // Pixels: a large disc is edged in its ink, a small one is dense.
    let folder = tempfile::tempdir().unwrap();
    for ink in [Ink::SkyBlue, Ink::Orange, Ink::Yellow, Ink::Grey] {
        let path = folder.path().join("discs.png");
        let seen = |panel: Panel| {
            Figure::new("").column([panel]).save(&path).unwrap();
            let picture = image::open(&path).unwrap().to_rgb8();
            let strong = |pixel: &&image::Rgb<u8>| contrast(pixel.0.map(|c| f64::from(c) / 255.0)) >= 2.99;
            picture.pixels().filter(strong).count()
        };
        let empty = seen(panel().points([(1.0, 1.0), (2.0, 2.0)], Ink::White));
        let large = seen(panel().discs([(1.0, 1.0, 1.0), (2.0, 2.0, 1.0)], ink));
        let small =
            seen(panel().points((0..900).map(|k| (1.0 + f64::from(k) / 899.0, 1.0 + f64::from(k) / 899.0)), ink));
        assert!(large > empty + 100 && small > empty + 4000, "{ink:?} {empty} {large} {small}");
    }
}

#[test]
fn a_tree_of_many_kinds_has_no_ink_twice() {
    let drawn = alone(tree(12, 3, "word "));
    let legend = texts(&drawn);
    assert!(legend.contains(&"others".into()) && legend.contains(&"kind 11".into()), "{legend:?}");
    assert!(!legend.contains(&"kind 0".into()), "the smallest are together");
    let inks: BTreeSet<&str> = of(&drawn, "polygon").iter().filter_map(|shape| attribute(shape, "fill")).collect();
    assert_eq!(inks.len(), 7, "{inks:?}");
    assert!(!texts(&alone(tree(6, 2, "word "))).contains(&"others".into()));
}

#[test]
fn no_box_of_a_tree_is_empty() {
    let word = "a_very_long_name_of_a_column_that_nobody_would_choose_";
    for (depth, size) in [(3, None), (6, None), (6, Some((800, 450)))] {
        let figure = Figure::new("t").column([tree(3, depth, word)]);
        let drawn = svg(&size.iter().fold(figure, |figure, (width, height)| figure.size(*width, *height)));
        let said = texts(&drawn).concat();
        let nodes = (1..2usize << depth).all(|at| said.contains(&format!("{word}{at}.")));
        assert!(nodes, "{depth} {size:?}: {said}");
        if size.is_none() {
            let least = of(&drawn, "text").iter().map(|text| number(text, "font-size")).fold(f64::INFINITY, f64::min);
            assert!(least > 900.0, "{least}");
        }
    }
}

#[test]
fn more_points_than_can_be_seen_are_a_density() {
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let points: Vec<(f64, f64)> = (0..20_001).map(|_| (random() + random() + random(), random() * random())).collect();
    let drawn = alone(panel().points(points.iter().copied(), Ink::SkyBlue).label("rows"));
    assert_eq!(of(&drawn, "circle").len(), 0);
    let hexagons = of(&drawn, "polygon");
    let shades: BTreeSet<_> = hexagons.iter().filter_map(|shape| attribute(shape, "fill")).collect();
    assert!((100..9000).contains(&hexagons.len()) && shades.len() > 20, "{} {}", hexagons.len(), shades.len());
    assert!(texts(&drawn).iter().any(|text| text.ends_with("in a hexagon")), "{:?}", texts(&drawn));
    assert_eq!(of(&alone(panel().points(points.into_iter().take(5000), Ink::SkyBlue)), "circle").len(), 5000);
}

#[test]
fn the_size_of_the_unit_changes_no_place() {
    let places = |unit: f64| {
        let wave = (0..50).map(|k| (f64::from(k) * unit, (f64::from(k) / 9.0).sin() * unit));
        let discs = [(3.0 * unit, 0.3 * unit, 5.0)];
        let map = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let grid: Vec<f64> = (1..4).map(|k| f64::from(k) * unit).collect();
        let circle = ellipse([unit, unit], [[unit * unit, 0.0], [0.0, unit * unit]], 1.0);
        let panels = [
            panel().line(wave, Ink::Blue).discs(discs, Ink::Green).mark(9.0 * unit, 0.8 * unit, "here"),
            panel()
                .heat(&grid, &grid, &map, Axis::new("v"))
                .line([(unit, unit), (2.0 * unit, 3.0 * unit)], Ink::Orange),
            panel().to_scale().line(circle, Ink::Red),
        ];
        let drawn = panels.map(alone).concat();
        // Numbers on the axis are more or less wide, and that alone changes a plot.
        let places = |shape: &&String| -> Vec<f64> {
            let numbers =
                attribute(shape, "points").unwrap().split([' ', ',']).map(|text| text.parse::<f64>().unwrap());
            numbers.collect()
        };
        let widths = |shape: Vec<f64>| {
            let x = || shape.iter().step_by(2).copied();
            let y = || shape.iter().skip(1).step_by(2).copied();
            let spread =
                |v: &mut dyn Iterator<Item = f64>| v.fold((f64::MAX, f64::MIN), |e, v| (e.0.min(v), e.1.max(v)));
            let (x, y) = (spread(&mut x()), spread(&mut y()));
            (x.1 - x.0, y.1 - y.0)
        };
        let lines = of(&drawn, "polyline");
        let own = lines
            .into_iter()
            .filter(|line| ["#0038A4", "#D67A00", "#D61448"].contains(&attribute(line, "stroke").unwrap()));
        own.map(|line| widths(places(&line))).collect::<Vec<_>>()
    };
    let plain = places(1.0);
    assert_eq!(plain.len(), 3);
    for unit in [1e-19, 1e-100, 1e12, 1e100] {
        for (a, b) in places(unit).iter().zip(&plain) {
            assert!((a.0 / b.0 - 1.0).abs() < 0.1 && (a.1 / b.1 - 1.0).abs() < 0.1, "{unit}: {a:?} {b:?}");
        }
    }
}

#[test]
fn what_the_colour_bar_does_not_reach_is_marked() {
    let map = |bar: Axis| texts(&alone(panel().heat(&[0.0, 1.0], &[0.0, 1.0], &[0.0, 1.0, 2.0, 9.0], bar))).concat();
    assert!(map(Axis::new("v").range(0.0, 3.0)).contains("v, ▲ beyond"));
    assert!(map(Axis::new("v").range(0.5, 9.0)).contains("v, ▼ beyond"));
    assert!(!map(Axis::new("v")).contains("beyond"));
}

#[test]
fn contours_bear_their_level() {
    let axis: Vec<f64> = (-20..=20).map(f64::from).collect();
    let cone: Vec<f64> = axis.iter().flat_map(|y| axis.iter().map(move |x| x.hypot(*y))).collect();
    let drawn = texts(&alone(panel().heat(&axis, &axis, &cone, Axis::new("v")).contours(&[7.25, 12.5, 18.0])));
    assert!(["7.2", "12", "18"].iter().all(|level| drawn.contains(&(*level).into())), "{drawn:?}");
}

#[test]
fn bars_of_long_names_lie_and_the_names_are_read_level() {
    let stacks = |names: [&'static str; 3]| {
        let bars = names.into_iter().zip([1.0, 0.5, 0.01]);
        let bars = bars.map(|(name, height)| (name, [(height, Ink::Blue, format!("{height} bits"))]));
        Panel::stacks(Axis::new("column"), Axis::new("gain (bits)"), bars)
    };
    let widths = |drawn: &[String]| {
        let spread = |shape: &&String| {
            let places = attribute(shape, "points").unwrap().split([' ', ',']).map(|text| text.parse::<f64>().unwrap());
            let x: Vec<f64> = places.step_by(2).collect();
            x.iter().copied().fold(f64::MIN, f64::max) - x.iter().copied().fold(f64::MAX, f64::min)
        };
        of(drawn, "polygon").iter().map(spread).collect::<Vec<_>>()
    };
    let long = ["the_number_of_the_rooms_of_the_flat_in_which_they_lived_then", "b", "c"];
    for drawn in [alone(stacks(long)), alone(stacks(["a", "b", "c"]).lying())] {
        let bars = widths(&drawn);
        assert!((bars[0] / bars[1] - 2.0).abs() < 0.01, "{bars:?}");
        assert!(drawn.iter().all(|shape| !shape.contains("rotate")));
        // The words of the short bar stand beside it.
        assert!(texts(&drawn).contains(&"0.01 bits".into()), "{:?}", texts(&drawn));
    }
    let upright = widths(&alone(stacks(["a", "b", "c"])));
    assert!((upright[0] / upright[1] - 1.0).abs() < 0.01, "{upright:?}");
}

#[test]
fn plots_of_a_row_stand_on_one_foot() {
    let plain = || panel().line([(0.0, 0.0), (1.0, 1.0)], Ink::Blue);
    let tall =
        || plain().title("a title that is long enough to be told in two lines or more, as it is here").label("a name");
    let named = Panel::new(Axis::new("a label\nof x").categories(&["two words", "b"]), Axis::new("y"))
        .points([(0.0, 1.0)], Ink::Red);
    // The spine of a plot: left above, left below, right below.
    let spines = |figure: Figure| {
        let drawn = svg(&figure);
        let spines = of(&drawn, "polyline").into_iter().filter(|line| attribute(line, "stroke") == Some("#828282"));
        let ends = |line: &String| -> Vec<String> {
            attribute(line, "points").unwrap().split([' ', ',']).skip(1).step_by(2).take(2).map(String::from).collect()
        };
        spines.map(ends).collect::<Vec<_>>()
    };
    let drawn = spines(Figure::new("t").column([tall(), plain()]).column([plain(), named.clone()]));
    assert_eq!(drawn.len(), 4);
    assert_eq!((&drawn[0], &drawn[1]), (&drawn[2], &drawn[3]), "row by row");
    let drawn = spines(Figure::new("t").column([tall(), plain()]).column([named]));
    assert_eq!((&drawn[0][0], &drawn[1][1]), (&drawn[2][0], &drawn[2][1]), "first and last edge");
    let grid = Figure::new("t").column([plain(), plain()]).column([plain(), tall()]).column([plain()]);
    let drawn = spines(grid);
    assert_eq!((drawn.len(), &drawn[4]), (5, &drawn[0]), "a free cell");
}

#[test]
fn numbers_have_a_minus_wherever_they_stand() {
    let drawn =
        alone(panel().line([(-3.0, -2.0), (1.0, 1.0)], Ink::Blue).label("slope -1.5").mark(0.0, -1.0, "≤ -1.615"));
    let said = texts(&drawn);
    assert!(["slope −1.5", "≤ −1.615", "−2.0"].iter().all(|text| said.contains(&(*text).into())), "{said:?}");
    assert!(said.iter().all(|text| !text.contains('-')), "{said:?}");
}

#[test]
fn a_file_says_what_it_shows() {
    let figure = Figure::new("Three & one")
        .subtitle("n = 3")
        .column([panel().line([(0.0, 1.0)], Ink::Blue).label("KL < H").mark(0.0, 1.0, "argmin")]);
    let drawn = svg(&figure).join("\n");
    assert!(drawn.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(drawn.contains("<title id=\"title\">Three &amp; one</title>"));
    assert!(drawn.contains("<desc id=\"description\">n = 3. y against x; KL &lt; H; argmin</desc>"), "{drawn}");
    assert!(drawn.contains("role=\"img\"") && drawn.contains("aria-labelledby=\"title description\""));
    assert!(drawn.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.png");
    figure.save(&path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("Three & one") && holds("n = 3. y against x; KL < H; argmin"));
}

#[test]
fn what_the_font_lacks_is_named_in_a_png_and_kept_in_an_svg() {
    let figure = Figure::new("身長").column([panel().line([(0.0, 1.0)], Ink::Blue).label("高 (cm), p̂, Жук")]);
    let missing = figure.without_glyph();
    assert_eq!(missing.iter().map(|(character, _)| *character).collect::<String>(), "身長高");
    assert_eq!(missing[2].1, "高 (cm), p̂, Жук");
    let kept = texts(&svg(&figure));
    assert!(kept.contains(&"身長".into()), "{kept:?}");
    // The picture is that of the numbers of the characters.
    let folder = tempfile::tempdir().unwrap();
    let pixels = |figure: Figure| {
        let path = folder.path().join("figure.png");
        figure.save(&path).unwrap();
        image::open(path).unwrap().to_rgb8()
    };
    let bare = |title: &str| Figure::new(title).column([panel()]);
    assert!(pixels(bare("身長")) == pixels(bare("U+8EAB U+9577")) && pixels(bare("身長")) != pixels(bare("")));
}
