//! The characters example takes any text, in any script, and refuses one that is too short or no text at all.

use anyhow::Result;

use crate::common::example::Place;

/// A run on `table.csv`, whatever it is called.
const LINE: &str = "characters --text table.csv --out out";

#[test]
fn its_own() -> Result<()> {
    let ran = Place::new()?.run("characters --unit nats --out out")?;
    ran.said(&["nats per character", "the picture is out/rates.png"]);
    assert_eq!(ran.names(), ["out/rates.png"]);
    Ok(())
}

#[test]
fn in_any_script() -> Result<()> {
    let greek = "μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος οὐλομένην, ἣ μυρί᾽ Ἀχαιοῖς ἄλγε᾽ ἔθηκε\r\n";
    let world = "👋🏽 🌍 ".repeat(20);
    for text in
        [greek, "Noch ein Satz.\n\n  Und   noch einer, hier.\n", &world, "aaaaaaaaaa aaaaaaaaaa", &"acgtt".repeat(60)]
    {
        let ran = Place::with(text)?.run(LINE)?;
        ran.said(&["bits per character"]);
        assert!(!ran.out.contains("NaN") && !ran.out.contains("-0.0000"), "{}", ran.out);
    }
    Ok(())
}

/// A byte order mark is no character, and what an editor saved as UTF-16 is the same text.
#[test]
fn of_any_editor() -> Result<()> {
    let text = "Noch ein Satz, und noch einer, hier und dort. ".repeat(4);
    let plain = Place::with(&text)?.run(LINE)?;
    plain.said(&["bits per character"]);
    let wide: Vec<u8> = b"\xff\xfe".iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for marked in [format!("\u{feff}{text}").into_bytes(), wide] {
        assert_eq!(Place::with(marked)?.run(LINE)?.out, plain.out);
    }
    Ok(())
}

#[test]
fn but_not_what_is_no_text() -> Result<()> {
    let cases: [(&[u8], &str); 6] = [
        (b"", "the text is empty"),
        (b" \n\t ", "the text is empty"),
        (b"abc", "a text of 1 characters"),
        (b"a b c d e f", "longer text"),
        (b"\xff\xfe\x00", "table.csv, line 1: this text is UTF-16, but"),
        (b"caf\xe9 au lait", "table.csv, line 1: this text is neither UTF-8 nor UTF-16"),
    ];
    for (text, says) in cases {
        let ran = Place::with(text)?.run(LINE)?;
        assert!(ran.code == 1 && ran.err.contains(says) && ran.left.is_empty(), "{text:?}: {} {}", ran.out, ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
    let ran = Place::new()?.run("characters --text nowhere.txt")?;
    assert!(ran.code == 1 && ran.err.contains("cannot read nowhere.txt"), "{}", ran.err);
    Ok(())
}

/// KL(q‖p) has no place on a sample: it is not among the objectives that can be typed.
#[test]
fn and_no_example_descends_the_reverse_kl_of_a_sample() -> Result<()> {
    let ran = Place::new()?.run("gaussian --objective reverse-kl")?;
    assert!(ran.code == 2 && ran.err.contains("possible values: kl, cross-entropy, nll"), "{}", ran.err);
    Ok(())
}
