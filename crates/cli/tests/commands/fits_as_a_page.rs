//! A fit with `--html` leaves a page that holds the table and what was asked, and refuses what the page would not fit.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{done, said, with_titanic};

/// What the command asks of a page: somewhere to put a run, and a library.
const PAGE: &str =
    "<html><body><script type=\"application/octet-stream\" id=\"wasm\"></script><p>the page</p></body></html>";

#[test]
fn the_table_and_what_was_asked_are_inside() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    std::fs::write(folder.join("page.html"), PAGE)?;
    let line = "fit --csv titanic.csv --target survived --count count --base sex=male --unit nats --html page.html --out fit --no-pictures";
    let fitted = done(folder, line)?;
    ensure!(fitted.status.success() && said(&fitted).contains("fit.html"), "{}", said(&fitted));
    let html = std::fs::read_to_string(folder.join("fit/fit.html"))?;
    let (before, rest) = html.split_once("<script type=\"application/json\" id=\"run\">").context("no run")?;
    let (run, after) = rest.split_once("</script>").context("no end")?;
    assert_eq!(format!("{before}{after}"), PAGE.replace("</body>", "\n</body>"));
    let run: Value = serde_json::from_str(run)?;
    assert_eq!(run["csv"].as_str().context("no text")?, std::fs::read_to_string(folder.join("titanic.csv"))?);
    assert_eq!((&run["target"], &run["count"], &run["unit"]), (&"survived".into(), &"count".into(), &"nats".into()));
    assert_eq!(run["bases"], serde_json::json!([["sex", "male"]]));
    Ok(())
}

#[test]
fn a_cell_cannot_end_the_script_and_bytes_stay_bytes() -> Result<()> {
    let place = tempfile::tempdir()?;
    let folder = place.path();
    std::fs::write(folder.join("page.html"), PAGE)?;
    let rows = "x,y\n1,</script><b>\n2,no\n3,</script><b>\n4,no\n";
    std::fs::write(folder.join("t.csv"), rows)?;
    let fitted = done(folder, "fit --csv t.csv --target y --html page.html --out fit --no-pictures")?;
    ensure!(fitted.status.success(), "{}", said(&fitted));
    let html = std::fs::read_to_string(folder.join("fit/fit.html"))?;
    assert_eq!(html.matches("</script>").count(), 2);
    // UTF-16, as a spreadsheet may write it.
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("x,y\n1,a\n2,b\n3,a\n4,b\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    std::fs::write(folder.join("wide.csv"), &wide)?;
    let fitted = done(folder, "fit --csv wide.csv --target y --html page.html --out wide --no-pictures")?;
    ensure!(fitted.status.success(), "{}", said(&fitted));
    let html = std::fs::read_to_string(folder.join("wide/fit.html"))?;
    let run = html.split_once("id=\"run\">").and_then(|(_, rest)| rest.split_once("</script>")).context("no run")?.0;
    assert_eq!(serde_json::from_str::<Value>(run)?["csv"], serde_json::json!(wide));
    Ok(())
}

#[test]
fn what_is_not_the_page_and_what_it_does_not_fit_is_refused() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    std::fs::write(folder.join("page.html"), PAGE)?;
    std::fs::write(folder.join("other.html"), "<html><body>another</body></html>")?;
    let fit = "fit --csv titanic.csv --target survived --count count --no-pictures --out fit";
    for (more, words) in [
        ("--html other.html", "this is not the page; take page.html"),
        ("--html none.html", "--html none.html"),
        ("--html page.html --lr 0.1", "--lr does not go with --html"),
        ("--html page.html --where class=1st", "--where does not go with --html"),
        ("--html page.html --columns class:sex", "'class:sex' is a term"),
        ("--html page.html --weights count", "--weights does not go with --html"),
        ("--html page.html --objective firth", "--objective firth does not go with --html"),
    ] {
        let refused = done(folder, &format!("{fit} {more}"))?;
        ensure!(refused.status.code() == Some(1) && said(&refused).contains(words), "{more}: {}", said(&refused));
        ensure!(!folder.join("fit").exists(), "{more} left files");
    }
    Ok(())
}
