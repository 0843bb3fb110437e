use candle_mle_plot::*;
fn rnd(s: &mut u64) -> f64 {
    *s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    ((*s >> 33) as f64) / (1u64 << 31) as f64
}
fn normal(s: &mut u64) -> f64 {
    (0..12).map(|_| rnd(s)).sum::<f64>() - 6.0
}
fn leaf(n: usize, k: usize, w: &str) -> Twig {
    let mut a = vec![0.0; n];
    a[k % n] = 10.0 + k as f64;
    a[(k * 7 + 1) % n] += 3.0;
    Twig { amounts: a, words: w.into(), twigs: vec![] }
}
fn grow(n: usize, depth: usize, k: usize) -> Twig {
    if depth == 0 {
        return leaf(n, k, &format!("≤ -1.6{k}: 14, 98 % versicolor_of_the_meadow"));
    }
    let twigs = vec![grow(n, depth - 1, 2 * k), grow(n, depth - 1, 2 * k + 1)];
    let amounts = (0..n).map(|i| twigs.iter().map(|t: &Twig| t.amounts[i]).sum()).collect();
    Twig { amounts, words: format!("> 2.45: {k}\na_rather_long_column_name_of_somebody_{k}?\n0.12345 bits"), twigs }
}
#[test]
fn scratch() {
    let o = std::path::Path::new("/tmp/zz");
    let kinds: Vec<String> = (0..10).map(|k| format!("digit {k}")).collect();
    Figure::new("Ten kinds, 64 leaves")
        .subtitle("stress")
        .column([Panel::tree(&kinds, &grow(10, 6, 1))])
        .save(o.join("tree10.png"))
        .unwrap();
    Figure::new("Six kinds, 8 leaves")
        .column([Panel::tree(&kinds[..6], &grow(6, 3, 1))])
        .save(o.join("tree6.png"))
        .unwrap();
    let mut s = 7;
    let many: Vec<(f64, f64)> = (0..100_000)
        .map(|_| {
            let x = normal(&mut s);
            (x, 0.8 * x + 0.5 * normal(&mut s))
        })
        .collect();
    let few: Vec<(f64, f64)> = (0..20_000)
        .map(|_| {
            let x = normal(&mut s);
            (x, 0.8 * x + 0.5 * normal(&mut s))
        })
        .collect();
    Figure::new("100,000 points")
        .column([Panel::new(Axis::new("x"), Axis::new("y"))
            .points(many, Ink::SkyBlue)
            .label("rows")
            .line(ellipse([0., 0.], [[1., 0.8], [0.8, 0.89]], 2.0), Ink::Vermillion)
            .label("Gaussian")])
        .column([Panel::new(Axis::new("x"), Axis::new("y")).points(few, Ink::SkyBlue).label("20,000")])
        .save(o.join("hex.png"))
        .unwrap();
    let w = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle_of_the_lower_danube_region_and_its_tributaries_since_1829";
    let p = || {
        Panel::new(Axis::new(w), Axis::new(w))
            .title(w)
            .line([(0., 0.), (1., 1.)], Ink::Blue)
            .label(w)
            .hline(0.5, w)
            .mark(0.3, 0.3, w)
    };
    Figure::new(w)
        .subtitle(w)
        .column([p()])
        .column([Panel::stacks(
            Axis::new(w),
            Axis::new(w),
            [(w, [(1.0, Ink::Blue, "1.0 bits")]), ("b", [(0.01, Ink::Blue, "0.01 bits")])],
        )
        .title(w)])
        .save(o.join("words.png"))
        .unwrap();
    let names: Vec<String> = (0..5).map(|k| format!("{k} {w}")).collect();
    Figure::new("A map of long names")
        .column([Panel::new(Axis::new("x").categories(&names), Axis::new("y").categories(&names))
            .cells(&[0.5; 25], Axis::new("p").range(0.1, 0.3))])
        .save(o.join("map.png"))
        .unwrap();
    let inks = Ink::for_names(&kinds);
    let mut q = Panel::new(Axis::new("x"), Axis::new("y"));
    for k in 0..6 {
        q = q.line((0..50).map(|i| (i as f64, (i as f64 / 9.0 + k as f64).sin() + k as f64)), inks[k]).label(&kinds[k]);
    }
    let mut r = Panel::new(Axis::new("x"), Axis::new("y"));
    for (k, n) in ["brown", "blue", "hazel", "green", "black", "red"].iter().enumerate() {
        let ink = Ink::for_names(&["brown", "blue", "hazel", "green", "black", "red"])[k];
        r = r
            .discs(
                (0..20).map(|i| {
                    (rnd(&mut s) * 10.0, k as f64 + rnd(&mut s), if k == 0 { 1000.0 } else { 10.0 * (1 + i) as f64 })
                }),
                ink,
            )
            .label(*n);
    }
    Figure::new("Inks and marks 身長 سن").column([q]).column([r]).save(o.join("inks.png")).unwrap();
}
