//! `report.html`: what a fit said, its tables and pictures and what they mean, in one file that needs no other.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candle_mle::Error;
use candle_mle::info::file::write_whole;
use candle_mle::info::number::{count, fixed, seen, shown};
use serde_json::{Map, Value};

use crate::explain::WORDS;
use crate::said::so_far;
use crate::summary::probability;

/// What the names of objectives with a penalty hold.
const PENALTIES: [&str; 2] = ["penal", "ridge"];

/// What a picture shows, as it was drawn of this fit.
fn means(document: &Map<String, Value>, name: &str) -> String {
    let is = |name: &str| at(document, name).is_some_and(|of| !of.is_null());
    let objective = at(document, "descent.objective").and_then(Value::as_str).unwrap_or_default();
    let (penalized, apart) = (PENALTIES.iter().any(|of| objective.contains(of)), is("separation.infimum"));
    // Of points without a resolution KL is infinite, and is not drawn.
    let kl = at(document, "descent.end.kl").is_some_and(Value::is_number);
    let floor = at(document, "data.entropy").and_then(Value::as_f64).filter(|_| kl);
    let curves = match floor {
        None => {
            "Cross-entropy and, on the axis to the right, the NLL, which is n times that; KL is infinite, for these numbers have a density and no resolution was given"
        }
        Some(floor) if floor.abs() < 1e-12 => {
            "KL and cross-entropy, which are one curve, for the floor is 0; the NLL on the axis to the right is n times it"
        }
        Some(_) => {
            "KL and, lifted by the floor, the cross-entropy: two curves of one shape, a constant apart; the NLL on the axis to the right is n times the upper one"
        }
    };
    let converged = at(document, "descent.converged").and_then(Value::as_bool) == Some(true);
    match name {
        "landscape" => {
            let end = match (apart, penalized, converged) {
                (true, ..) => "Along the direction of the separation they fall for ever, towards an infimum",
                (_, true, _) => "With the penalty the fit stands beside where they are least",
                (_, _, false) => "The descent has not arrived where they are least",
                _ => "They are least at one place, where the fit stands",
            };
            format!("{curves}. {end}.")
        }
        "descent" => {
            let end = match (apart, penalized, converged) {
                (true, ..) => "There is no step at which they are least: they go on towards an infimum",
                (_, true, _) => "What was descended has a penalty, which none of them knows, so that they need not end at their least",
                (_, _, false) => "The descent has not arrived",
                _ => "On the logarithmic axis, where there is one, a straight line gains the same share at every step",
            };
            format!("At every step of the fit: {}. {end}.", lowered(curves))
        }
        "model" if is("moments") || is("components") || is("parameters") => {
            "The observations beside the density that was fitted; where they part the family is too small for these data.".into()
        }
        "model" if apart => "By how much, or to which probabilities, the classes are told apart in the limit.".into(),
        "model" if is("sigma") || !is("reference_class") => {
            "What came beside the means that the model says; an even cloud around the diagonal is what a good fit leaves.".into()
        }
        "model" => "The shares that were observed beside the probabilities that the model gives.".into(),
        "families" => "The fitted distributions over the data, the nearest in the title.".into(),
        _ => String::new(),
    }
}

/// A sentence within another, but for what begins with a name.
fn lowered(text: &str) -> String {
    match text.split_at_checked(1) {
        Some((first, rest)) if !text.starts_with("KL") => first.to_lowercase() + rest,
        _ => text.into(),
    }
}

/// Columns of a table: their names in the document, and their headings.
type Columns = &'static [(&'static str, &'static str)];

/// Tables of the document: its name, the caption, and the columns in order, each with its heading.
const TABLES: [(&str, &str, Columns); 8] = [
    (
        "coefficients",
        "Coefficients",
        &[
            ("y.level", "class"),
            ("term", "term"),
            ("estimate", "estimate"),
            ("std.error", "std. error"),
            ("statistic", "z"),
            ("p.value", "p"),
            ("conf.low", "95 % from"),
            ("conf.high", "to"),
            ("odds.ratio", "odds ratio"),
        ],
    ),
    (
        "contrasts",
        "Contrasts: what of two classes is determined where neither is against the reference class",
        &[
            ("y.level", "class"),
            ("against", "against"),
            ("term", "term"),
            ("estimate", "estimate"),
            ("std.error", "std. error"),
            ("statistic", "z"),
            ("p.value", "p"),
            ("conf.low", "95 % from"),
            ("conf.high", "to"),
            ("odds.ratio", "odds ratio"),
        ],
    ),
    (
        "parameters",
        "Parameters",
        &[
            ("term", "parameter"),
            ("estimate", "estimate"),
            ("std.error", "std. error"),
            ("conf.low", "95 % from"),
            ("conf.high", "to"),
            ("truth", "truth"),
        ],
    ),
    ("moments", "Moments", &[("term", "column"), ("mean", "mean"), ("standard_deviation", "standard deviation")]),
    ("correlations", "Correlations", &[("between", "columns"), ("correlation", "correlation")]),
    (
        "components",
        "Components",
        &[
            ("component", "component"),
            ("weight", "weight"),
            ("term", "column"),
            ("mean", "mean"),
            ("standard_deviation", "standard deviation"),
        ],
    ),
    (
        "truth",
        "The truth that the sample was drawn from",
        &[
            ("component", "component"),
            ("weight", "weight"),
            ("term", "column"),
            ("mean", "mean"),
            ("standard_deviation", "standard deviation"),
        ],
    ),
    (
        "families",
        "Families, the nearest first",
        &[("family", "family"), ("kl", "KL"), ("cross_entropy", "cross-entropy"), ("AIC", "AIC (nats)")],
    ),
];

/// What the likelihood says of the model as a whole: name, heading, and whether it is of another kind than nats.
const LIKELIHOOD: [(&str, &str, &str); 11] = [
    ("deviance", "deviance", "nats"),
    ("df_residual", "its degrees of freedom", ""),
    ("twice_nll", "2 NLL", "nats"),
    ("logLik", "log-likelihood", "nats"),
    ("AIC", "AIC", "nats"),
    ("BIC", "BIC", "nats"),
    ("parameters", "free parameters", ""),
    ("r_squared", "R²", ""),
    ("adjusted_r_squared", "adjusted R²", ""),
    ("mcfadden", "McFadden's R²", ""),
    ("most_mcfadden", "the most that H(Y|X) allows it", ""),
];

const STYLE: &str = "\
:root{color-scheme:light}body{font:17px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0 auto;max-width:62rem;padding:1.5rem}\
h1{font-size:1.7rem;line-height:1.25}h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:1px solid #ddd}\
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6rem 0}\
caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{padding:.25rem .8rem;text-align:right;white-space:nowrap;border-bottom:1px solid #eee}\
th:first-child,td:first-child,.text{text-align:left}thead th{border-bottom:2px solid #999}figure{margin:1.5rem 0}\
img{max-width:100%;height:auto;border:1px solid #eee}figcaption{max-width:44rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1.2rem}\
.lead{font-size:1.1rem}.warn{border-left:4px solid #d55e00;padding:.2rem .8rem;background:#fff6ef}\
pre{overflow-x:auto;font-size:.8rem;background:#f6f6f6;padding:.8rem}code{overflow-wrap:anywhere}\
@media print{details{display:none}}";

/// Writes the report of what was said so far, with the pictures that were drawn.
pub(crate) fn write(path: &Path, typed: &[String]) -> Result<()> {
    let (document, lines) = so_far();
    let html = page(&document, &lines, typed)?;
    let refuse = |problem| Error::File { action: "write", path: path.into(), problem };
    write_whole(path, |file| file.write_all(html.as_bytes())).map_err(refuse)?;
    println!("all of it on one page, for a browser: {}", path.display());
    Ok(())
}

fn page(document: &Map<String, Value>, lines: &[String], typed: &[String]) -> Result<String> {
    let text = |name: &str| at(document, name).and_then(Value::as_str).unwrap_or_default();
    let what = text("data.what");
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{0}</title>\n<style>{STYLE}</style>\n<h1>{0}</h1>\n",
        plain(what)
    );
    html += &summary(document);
    for (name, caption, columns) in TABLES {
        if let Some(rows) = document.get(name).and_then(Value::as_array) {
            let against = document.get("reference_class").and_then(Value::as_str).filter(|_| name == "coefficients");
            let caption = against.map_or(caption.into(), |class| {
                format!("{caption}: log-odds against {} = {}", plain(text("target")), plain(class))
            });
            html += &table(&caption, columns, rows);
        }
    }
    let likelihood = LIKELIHOOD.iter().filter_map(|(name, heading, unit)| {
        Some(format!(
            "<tr><td>{heading}<td>{}<td class=text>{unit}\n",
            cell(at(document, &format!("likelihood.{name}"))?)
        ))
    });
    let likelihood: String = likelihood.collect();
    if !likelihood.is_empty() {
        let _ = write!(
            html,
            "<div class=wide><table><caption>The model as a whole</caption><tbody>\n{likelihood}</table></div>\n"
        );
    }
    let pictures = document.get("pictures").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !pictures.is_empty() {
        html += "<h2>Pictures</h2>\n";
    }
    for picture in pictures {
        html += &figure(document, picture)?;
    }
    let notes = document.get("notes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let notes: String = notes.map(|note| format!("<li>{}\n", plain(note))).collect();
    if !notes.is_empty() {
        let _ = write!(html, "<h2>How the table was read</h2>\n<ul>\n{notes}</ul>\n");
    }
    let descent = match text("descent.method") {
        "" => String::new(),
        method => format!("{} on the {}, ", plain(method.trim_end_matches(',')), plain(text("descent.objective"))),
    };
    let _ = write!(
        html,
        "<h2>How it was made</h2>\n<p>{descent}on the {} in {}; candle-mle {}:</p>\n<pre>{}</pre>\n",
        plain(text("device")),
        plain(text("dtype")),
        env!("CARGO_PKG_VERSION"),
        plain(&typed_again(typed)),
    );
    html += "<h2>Words</h2>\n<dl>\n";
    let said = lines.join("\n");
    for word in WORDS.iter().filter(|word| word.names.iter().any(|name| has_word(&said, name))) {
        let _ = writeln!(html, "<dt>{}<dd>{}", plain(word.names[0]), plain(word.plain));
    }
    let _ =
        write!(html, "</dl>\n<details><summary>All that was printed</summary><pre>{}</pre></details>\n", plain(&said));
    Ok(html)
}

/// Whether a word stands in a text by itself; a letter alone may be anything.
fn has_word(text: &str, word: &str) -> bool {
    let mut apart = text.match_indices(word).map(|(at, _)| {
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !inside(text[..at].chars().next_back()) && !inside(text[at + word.len()..].chars().next())
    });
    word.chars().count() > 1 && apart.any(|apart| apart)
}

/// What was typed, so that it can be typed again.
fn typed_again(arguments: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+".contains(c);
    let quoted = |text: &String| match text.chars().all(plain) && !text.is_empty() {
        true => text.clone(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    };
    let flags = arguments.iter().skip(1).map(quoted);
    std::iter::once("candle-mle".into()).chain(flags).collect::<Vec<String>>().join(" ")
}

/// The result in a few sentences.
fn summary(document: &Map<String, Value>) -> String {
    let number = |name: &str| at(document, name).and_then(Value::as_f64);
    let text = |name: &str| at(document, name).and_then(Value::as_str).unwrap_or_default();
    let (unit, floor) = (text("unit"), text("data.floor"));
    let mut html = String::new();
    if let (Some(n), Some(entropy)) = (number("data.n"), number("data.entropy")) {
        let rows = at(document, "data.distinct_rows").map_or(String::new(), cell);
        let _ = write!(html, "<p class=lead>{} observations in {rows} distinct rows.", count(n));
        // Of a density points without a resolution have none.
        if number("descent.end.cross_entropy").is_none() || number("descent.end.kl").is_some() {
            let _ = write!(
                html,
                " The floor that no model gets below, {}, is {} {unit} each.",
                plain(floor),
                seen(entropy, 4)
            );
        }
    }
    if let (Some(cross_entropy), Some(nll)) = (number("descent.end.cross_entropy"), number("descent.end.nll")) {
        let above = number("descent.end.kl")
            .map_or("without a --resolution there is no floor to compare it with".into(), |kl| {
                format!("{} {unit} above the floor, its KL divergence from what was observed", seen(kl, 4))
            });
        let _ = write!(
            html,
            " The fitted model codes them in {} {unit} each: {above}; in all {} {unit}.",
            seen(cross_entropy, 4),
            seen(nll, 2)
        );
    }
    if !html.is_empty() {
        html += "</p>\n";
    }
    if let Some(infimum) = number("separation.infimum") {
        let _ = writeln!(
            html,
            "<p class=warn>The likelihood has no finite maximum: it rises for ever along the directions in which coefficients read ±∞, \
             and NLL falls towards {} {unit} without getting there. <code>--objective firth</code> is finite.</p>",
            seen(infimum, 4)
        );
    } else if at(document, "descent.converged").and_then(Value::as_bool) == Some(false) {
        html += "<p class=warn>The fit has not converged: these are not the estimates of maximum likelihood yet.</p>\n";
    }
    if let Some(why) = document.get("no_maximum").and_then(Value::as_str) {
        let _ = writeln!(html, "<p class=warn>{}</p>", plain(why));
    }
    html
}

/// A picture with its title, which is its finding, and what it means.
fn figure(document: &Map<String, Value>, picture: &Value) -> Result<String> {
    let text = |name: &str| picture.get(name).and_then(Value::as_str).unwrap_or_default();
    let file = Path::new(text("file"));
    let bytes = std::fs::read(file).map_err(|problem| Error::File { action: "read", path: file.into(), problem })?;
    let kind = if file.extension().is_some_and(|end| end == "svg") { "svg+xml" } else { "png" };
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let means = means(document, &name);
    Ok(format!(
        "<figure>\n<img alt=\"{finding}. {means}\" src=\"data:image/{kind};base64,{}\">\n<figcaption><b>{finding}.</b> {means}</figcaption>\n\
         </figure>\n",
        STANDARD.encode(bytes),
        finding = plain(text("finding")),
    ))
}

fn table(caption: &str, columns: Columns, rows: &[Value]) -> String {
    let known: Vec<_> = columns.iter().filter(|(name, _)| rows.iter().any(|row| row.get(name).is_some())).collect();
    let is_text = |name: &str| {
        rows.iter().any(|row| row.get(name).is_some_and(|of| of.as_str().is_some_and(|of| number(of).is_none())))
    };
    let class = |name: &str| if is_text(name) { " class=text" } else { "" };
    let mut html = format!("<div class=wide><table><caption>{caption}</caption><thead><tr>");
    for (name, heading) in &known {
        let _ = write!(html, "<th{}>{heading}", class(name));
    }
    html += "<tbody>\n";
    for row in rows {
        html += "<tr>";
        for (name, _) in &known {
            let p = *name == "p.value";
            let of = row.get(name).map_or(String::new(), |of| match of.as_f64() {
                Some(value) if p => probability(value),
                Some(value) if *name == "statistic" => fixed(value, 3).replace('-', "−"),
                _ => cell(of),
            });
            let _ = write!(html, "<td{}>{of}", class(name));
        }
        html.push('\n');
    }
    html + "</table></div>\n"
}

/// ±∞ and NaN, which are texts in the document.
fn number(text: &str) -> Option<&'static str> {
    Some(match text {
        "Infinity" => "∞",
        "-Infinity" => "−∞",
        "NaN" => "–",
        _ => return None,
    })
}

fn cell(of: &Value) -> String {
    match of {
        Value::Number(whole) if whole.is_u64() => whole.to_string(),
        Value::Number(real) => real.as_f64().map_or(String::new(), shown).replace('-', "−"),
        Value::String(text) => number(text).map_or_else(|| plain(text), String::from),
        Value::Array(all) => all.iter().map(cell).collect::<Vec<_>>().join(", "),
        _ => "–".into(),
    }
}

/// A value of the document; a dot leads into an object.
fn at<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match name.split_once('.') {
        None => document.get(name),
        Some((first, rest)) => at(document.get(first)?.as_object()?, rest),
    }
}

/// Text that is no HTML.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
