//! What a run says: lines for people, or, with --json, one document for machines; and the document is what a report is made of.

use std::cell::RefCell;
use std::fmt::Arguments;

use candle_mle::info::number::json;
use serde_json::{Map, Value};

/// All that was said so far, and whether lines are printed.
#[derive(Debug, Default)]
struct Said {
    silent: bool,
    lines: Vec<String>,
    document: Map<String, Value>,
}

thread_local! {
    // What is printed goes to one place whoever prints it, and so does this.
    static SAID: RefCell<Said> = RefCell::default();
}

/// From now on nothing is printed: it is all for the document.
pub(crate) fn be_silent() {
    SAID.with_borrow_mut(|said| said.silent = true);
}

/// A line, or several.
pub(crate) fn line(text: Arguments<'_>) {
    SAID.with_borrow_mut(|said| {
        let text = text.to_string();
        if !said.silent {
            std::println!("{text}");
        }
        said.lines.extend(text.split('\n').map(String::from));
    });
}

/// A value under a name, in which a dot leads into an object: `descent.end.kl`.
pub(crate) fn tell(name: &str, value: impl Into<Value>) {
    SAID.with_borrow_mut(|said| {
        let mut place = &mut said.document;
        let mut parts = name.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                place.insert(part.into(), value.into());
                return;
            }
            let inner = place.entry(part).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return };
            place = inner;
        }
    });
}

/// One more value in the list of this name.
pub(crate) fn add(name: &str, value: impl Into<Value>) {
    SAID.with_borrow_mut(|said| {
        if let Value::Array(list) = said.document.entry(name).or_insert_with(|| Value::Array(vec![])) {
            list.push(value.into());
        }
    });
}

/// A number with all its digits; ±∞ and NaN as the texts that they are in JSON.
pub(crate) fn number(value: f64) -> Value {
    match serde_json::Number::from_f64(value + 0.0) {
        Some(number) => Value::Number(number),
        None => json(value).trim_matches('"').into(),
    }
}

/// An object of these.
pub(crate) fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect::<Map<_, _>>().into()
}

/// The document so far, and the lines.
pub(crate) fn so_far() -> (Map<String, Value>, Vec<String>) {
    SAID.with_borrow(|said| (said.document.clone(), said.lines.clone()))
}

/// Prints the document, if it is what was asked for.
pub(crate) fn finish() {
    SAID.with_borrow_mut(|said| {
        if said.silent {
            let mut document = std::mem::take(&mut said.document);
            document.insert("printed".into(), said.lines.drain(..).map(Value::String).collect());
            std::println!("{:#}", Value::Object(document));
        }
    });
}

/// What a room of this crate prints: never past the document.
macro_rules! println {
    () => { $crate::said::line(format_args!("")) };
    ($($text:tt)*) => { $crate::said::line(format_args!($($text)*)) };
}
