//! What the cells of a column are: numbers, categories, marks of missing values, or what no model can use as it stands.

use std::sync::Arc;

use super::scan::Raw;
use super::{Column, typed_name};

/// A column as it was read.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub column: Column,
    /// The rows in which nothing stands but a mark of a missing value, and that mark.
    pub missing: Vec<(usize, Arc<str>)>,
    /// Why it cannot be used as it is.
    pub refused: Option<Refused>,
    /// What its reader should know.
    pub note: Option<String>,
}

/// A cell that keeps its column from being used.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Where it stands among the rows.
    pub row: usize,
    /// Its line in the file.
    pub line: u64,
    pub text: String,
    pub problem: String,
    /// Whether most cells of the column are numbers.
    pub of_numbers: bool,
}

impl Refused {
    /// With its line, of the lines of all rows.
    pub fn among(self, lines: &[u64]) -> Self {
        Self { line: lines[self.row], ..self }
    }
}

/// The level that missing cells make where they are asked to make one.
pub(super) const MISSING: &str = "missing";

/// What may stand for a missing value, in small letters.
const MARKS: [&str; 28] = [
    "", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "-nan", "#nan", "null", "(null)", "#null!", "none", "nil", "nat",
    "\\n", ".", "..", "?", "-", "--", "−", "–", "—", "#div/0!", "#value!", "#ref!", "#num!",
];

/// Whether a cell is a mark of a missing value.
pub(super) fn marks_missing(cell: &str) -> bool {
    cell.len() <= 8 && MARKS.contains(&cell.to_lowercase().as_str())
}

/// Whether a cell is one of these marks, or the same number.
pub(super) fn is_mark(cell: &str, marks: &[String]) -> bool {
    marks.iter().any(|mark| mark == cell || number(mark).is_some_and(|mark| number(cell) == Some(mark)))
}

/// What cannot be seen at the ends of a cell.
pub(super) fn blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{1a}')
}

/// A finite or infinite number; the word NaN is none.
pub(super) fn number(cell: &str) -> Option<f64> {
    let cell = cell.strip_prefix('−').map_or(cell.into(), |digits| format!("-{digits}"));
    cell.parse().ok().filter(|number: &f64| !number.is_nan())
}

/// What a cell is, before its column is known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number(f64),
    /// With a comma before the decimals.
    Comma(f64),
    Percent(f64),
    /// 1,234,567 or 1.234.567 or 1 234 567.
    Thousands,
    Currency,
    /// (1.5).
    Owed,
    Unit,
    Bound,
    Date,
    Time,
    Word,
}

impl Cells {
    /// Reads a column: of categories if that was said, of numbers if most cells are numbers, and otherwise of categories.
    /// Missing is what one of `marks` says, beside the usual ones; `commas` says whether its numbers, or those of another column,
    /// have a comma before their decimals.
    pub fn read(name: &str, raw: Raw, marks: &[String], commas: bool, categorical: bool) -> Self {
        let flag = typed_name(name);
        let rounded = |numbers: &[f64]| {
            let size = |number: &f64| (2f64.powi(53)..1e20).contains(&number.abs());
            numbers.iter().find(|number| size(number)).map(|number| {
                format!(
                    "{name} has whole numbers beyond 2^53, such as {number:.0}, which are kept to 16 digits: what differs in the last \
                     one may be one; if they name something: --categorical {flag}"
                )
            })
        };
        let (texts, codes) = match raw {
            Raw::Numbers(numbers, missing) => {
                let note = rounded(&numbers);
                return Self { column: Column::Numbers(numbers), missing, refused: None, note };
            }
            Raw::Texts(texts, codes) => (texts, codes),
        };
        let (mut rows, mut first) = (vec![0; texts.len()], vec![0; texts.len()]);
        for (row, code) in codes.iter().enumerate().rev() {
            rows[*code as usize] += 1;
            first[*code as usize] = row;
        }
        // Where + is the other level, − is one.
        let signs = texts.iter().any(|text| text.contains('+'))
            && texts.iter().all(|text| text.chars().all(|c| matches!(c, '+' | '-' | '−')) || marks_missing(text));
        let is_missing =
            |text: &str| marks_missing(text) && !(signs && matches!(text, "-" | "−" | "--")) || is_mark(text, marks);
        let marks: Vec<Option<Arc<str>>> =
            texts.iter().map(|text| is_missing(text).then(|| text.as_str().into())).collect();
        let missing = if marks.iter().all(Option::is_none) {
            vec![]
        } else {
            let mark = |(row, code): (usize, &u32)| Some((row, marks[*code as usize].clone()?));
            codes.iter().enumerate().filter_map(mark).collect()
        };
        let present: Vec<usize> = (0..texts.len()).filter(|text| marks[*text].is_none()).collect();
        let many: usize = codes.len() - missing.len();
        let refuse = |text: usize, problem: String, of_numbers: bool| {
            Some(Refused { row: first[text], line: 0, text: texts[text].clone(), problem, of_numbers })
        };
        let words = |refused: Option<(usize, String)>| {
            // false, False and FALSE are one level, as programs write them.
            let truth = |text: &str| ["true", "false"].into_iter().find(|word| text.eq_ignore_ascii_case(word));
            let both = present.len() > 2 && present.iter().all(|text| truth(&texts[*text]).is_some());
            let level = |(text, mark): (&String, &Option<Arc<str>>)| match truth(text) {
                _ if mark.is_some() => MISSING.into(),
                Some(word) if both => word.into(),
                _ => text.clone(),
            };
            let column = Column::of_levels(texts.iter().zip(&marks).map(level).collect(), codes.clone());
            let refused = refused.and_then(|(text, problem)| refuse(text, problem, false));
            Self { column, missing: missing.clone(), refused, note: None }
        };
        if categorical {
            return words(None);
        }
        let kinds: Vec<Kind> = present.iter().map(|text| kind(&texts[*text])).collect();
        let count = |of: &dyn Fn(&Kind) -> bool| {
            kinds.iter().zip(&present).filter(|(kind, _)| of(kind)).map(|(_, text)| rows[*text]).sum::<usize>()
        };
        let most = |count: usize| 2 * count > many;
        let first_of = |of: &dyn Fn(&Kind) -> bool| kinds.iter().position(of).map_or(0, |at| present[at]);
        let numeric = |kind: &Kind| {
            matches!(
                kind,
                Kind::Number(_)
                    | Kind::Comma(_)
                    | Kind::Percent(_)
                    | Kind::Thousands
                    | Kind::Currency
                    | Kind::Owed
                    | Kind::Bound
            )
        };
        let cells: Vec<&str> = present.iter().map(|text| texts[*text].as_str()).collect();
        if let Some(unit) = unit(&cells, many) {
            let problem = format!(
                "numbers with a unit behind them: take '{unit}' out of the cells, --exclude {flag}, or --categorical {flag} \
                 for a level each"
            );
            return words(Some((first_of(&|kind| *kind == Kind::Unit), problem)));
        }
        for (kind, what, cure) in [
            (Kind::Date, "a date", "write a number, such as the days since the first"),
            (Kind::Time, "a time", "write a number, such as the hours since midnight"),
        ] {
            if most(count(&|other| *other == kind)) {
                let problem = format!(
                    "{what}, and no model here takes one: {cure}, --exclude {flag}, or --categorical {flag} for a level each"
                );
                return words(Some((first_of(&|other| *other == kind), problem)));
            }
        }
        if !most(count(&numeric)) {
            return words(None);
        }
        // In a file parted by commas they stand in quotes.
        let decimal_comma = count(&|kind| matches!(kind, Kind::Comma(_))) > 0;
        let points = decimal_comma
            && kinds
                .iter()
                .zip(&cells)
                .any(|(kind, cell)| matches!(kind, Kind::Number(_) | Kind::Percent(_)) && cell.contains('.'));
        let read = |kind: &Kind| -> Result<f64, String> {
            let fault = |problem: &str| Err(problem.to_string());
            match *kind {
                Kind::Number(v) | Kind::Percent(v) if !v.is_finite() => fault("finite numbers are needed"),
                Kind::Number(v) | Kind::Percent(v) => Ok(v),
                Kind::Comma(v) if decimal_comma && !points => Ok(v),
                Kind::Comma(_) => {
                    fault("some numbers of this column have a decimal comma and others a point: write all alike")
                }
                Kind::Thousands if commas => fault(
                    "numbers are written without marks between thousands: 1234567,5 where the others have a decimal comma",
                ),
                Kind::Thousands => fault(
                    "numbers are written without marks between thousands, and with a decimal point and no comma: 1234567.5",
                ),
                Kind::Owed => fault("brackets, as accountants write what is owed: write −1.5 for (1.5)"),
                Kind::Currency => fault("a sign of a currency: write the numbers alone"),
                Kind::Bound => fault("a bound and no number: write a number, or empty the cell and say --missing drop"),
                _ => Err(format!(
                    "most cells of this column are numbers, so all must be: write a number, or empty the cell and say \
                     --missing drop; otherwise --categorical {flag}, or --exclude {flag}"
                )),
            }
        };
        let (mut values, mut refused) = (vec![f64::NAN; texts.len()], None);
        for (kind, text) in kinds.iter().zip(&present) {
            match read(kind) {
                Ok(number) => values[*text] = number,
                // In order of first sight: the first is the one that stands highest.
                Err(problem) => refused = refused.or_else(|| refuse(*text, problem, true)),
            }
        }
        if commas
            && !decimal_comma
            && refused.is_none()
            && cells.iter().filter(|cell| cell.contains('.')).all(|cell| between_threes(cell))
            && let Some(at) = cells.iter().position(|cell| between_threes(cell))
        {
            let problem = "other columns have a decimal comma, so that this point may part thousands or decimals: write the \
                           number without a point, or with a comma";
            refused = refuse(present[at], problem.into(), true);
        }
        let percent = count(&|kind| matches!(kind, Kind::Percent(_)));
        if refused.is_none() && percent > 0 && percent < many {
            let text = first_of(&|kind| matches!(kind, Kind::Number(_)));
            let problem = "some numbers of this column are per cent and others are not: write all alike";
            refused = refuse(text, problem.into(), true);
        }
        if refused.is_none() && cells.len() > 1 && cells.iter().all(|cell| is_compact_date(cell)) {
            let problem = format!(
                "a date written as one number, whose differences are no days: write the days since the first, --exclude \
                 {flag}, or --categorical {flag} for a level each"
            );
            refused = refuse(present[0], problem, false);
        }
        let note = if percent > 0 {
            Some(format!("{name}: numbers in per cent"))
        } else {
            // As postal codes have: their differences mean nothing.
            let zeros =
                |text: &&String| text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
            present.iter().map(|text| &texts[*text]).find(zeros).filter(|_| refused.is_none()).map(|cell| {
                format!("{name} has zeros in front, as in {cell}, and enters as a number; if it holds codes: --categorical {flag}")
            })
        };
        let note = note.or_else(|| rounded(&values).filter(|_| refused.is_none()));
        let numbers = codes.iter().map(|code| values[*code as usize]).collect();
        Self { column: Column::Numbers(numbers), missing, refused, note }
    }
}

fn kind(cell: &str) -> Kind {
    if let Some(value) = number(cell) {
        return Kind::Number(value);
    }
    if !cell.bytes().any(|byte| byte.is_ascii_digit()) {
        return Kind::Word;
    }
    if let Some(value) = cell.strip_suffix('%').map(str::trim_end) {
        return match kind(value) {
            Kind::Number(value) => Kind::Percent(value),
            other => other,
        };
    }
    if is_date(cell) {
        return Kind::Date;
    }
    if is_time(cell) {
        return Kind::Time;
    }
    let digits = cell.trim_start_matches(['+', '-', '−']);
    if let Some(value) = with_comma(cell) {
        return if between_thousands(digits, ',') { Kind::Thousands } else { Kind::Comma(value) };
    }
    if [',', '.', ' ', '\'', '’', '_'].into_iter().any(|mark| between_thousands(digits, mark)) {
        return Kind::Thousands;
    }
    let bare = cell.trim_matches(|c: char| {
        matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩' | '(' | ')' | '+' | '-' | '−') || c.is_whitespace()
    });
    let coded = |word: &str| ["USD", "EUR", "GBP", "CHF", "JPY", "INR", "CNY", "AUD", "CAD", "SEK"].contains(&word);
    let amount = bare.split_whitespace().filter(|word| !coded(word)).collect::<Vec<_>>().join(" ");
    let is_amount =
        |text: &str| !matches!(text, "") && matches!(plain(text), Kind::Number(_) | Kind::Comma(_) | Kind::Thousands);
    let signed = cell.contains(['$', '€', '£', '¥', '₹', '₽', '₩']) || amount.len() < bare.len();
    if signed && is_amount(&amount) {
        return Kind::Currency;
    }
    if cell.starts_with('(') && cell.ends_with(')') && is_amount(bare) {
        return Kind::Owed;
    }
    if let Some(rest) = cell.strip_prefix(['<', '>', '≤', '≥', '~'])
        && number(rest.trim_start_matches(['=', ' '])).is_some()
    {
        return Kind::Bound;
    }
    if split_unit(cell).is_some() { Kind::Unit } else { Kind::Word }
}

/// A number, one with a decimal comma or one with marks between thousands.
fn plain(text: &str) -> Kind {
    match (number(text), with_comma(text)) {
        (Some(value), _) => Kind::Number(value),
        _ if [',', '.', ' ', '\''].into_iter().any(|mark| between_thousands(text, mark)) => Kind::Thousands,
        (_, Some(value)) => Kind::Comma(value),
        _ => Kind::Word,
    }
}

/// A number with one comma before its decimals, and perhaps points between its thousands.
fn with_comma(cell: &str) -> Option<f64> {
    let (whole, decimals) = cell.split_once(',')?;
    let digits = whole.trim_start_matches(['+', '-', '−']);
    let whole = match whole.contains('.') {
        true if between_thousands(digits, '.') => whole.replace('.', ""),
        true => return None,
        false => whole.into(),
    };
    if decimals.contains(',') { None } else { number(&format!("{whole}.{decimals}")) }
}

/// Whether a cell is a number, a date or another value that is no word; and whether two are of one sort.
pub(super) fn sort_of(cell: &str) -> Option<u8> {
    match kind(cell) {
        Kind::Word | Kind::Unit | Kind::Bound => None,
        Kind::Date => Some(1),
        Kind::Time => Some(2),
        _ => Some(0),
    }
}

/// Whether the numbers of a table have a comma before their decimals, as far as one cell tells.
pub(super) fn has_decimal_comma(cell: &str) -> bool {
    matches!(kind(cell), Kind::Comma(_))
}

/// 1.234 or 12.500: in a table with decimal commas these may be thousands.
fn between_threes(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['+', '-', '−']);
    let groups: Vec<&str> = digits.split('.').collect();
    let numeric = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let first = (1..=3).contains(&groups[0].len()) && groups[0] != "0";
    numeric && first && groups.len() > 1 && groups[1..].iter().all(|group| group.len() == 3)
}

/// Whether groups of three digits are parted by `mark`, a group of one to three before them.
fn between_thousands(digits: &str, mark: char) -> bool {
    let decimal = if mark == '.' { ',' } else { '.' };
    let whole = digits.split_once(decimal).map_or(digits, |(whole, _)| whole);
    let groups: Vec<&str> = whole.split(mark).collect();
    let alike = groups.iter().enumerate().all(|(at, group)| {
        let long = if at == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 };
        long && group.bytes().all(|byte| byte.is_ascii_digit())
    });
    // 1.234 is a number, unless a comma comes behind it.
    alike && groups.len() > if mark == '.' && whole == digits { 2 } else { 1 }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// 2023-01-31, 31.1.2023, 1/31/23, 31 Jan 2023, January 2023, 2023-01, with or without a time behind it.
fn is_date(cell: &str) -> bool {
    let day = match cell.split_once(['T', 't']) {
        Some((day, time)) if is_time(time) => day,
        _ => match cell.split_once(' ') {
            Some((day, time)) if is_time(time) => day,
            _ => cell,
        },
    };
    let parts: Vec<&str> = day.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    if day.trim_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.')).is_empty() {
        let number = |part: &str| part.parse::<u32>().ok();
        let is = |part: &str, digits: usize, most: u32| {
            part.len() <= digits && number(part).is_some_and(|v| (1..=most).contains(&v))
        };
        return match parts[..] {
            [y, m, d] if y.len() == 4 => is(m, 2, 12) && is(d, 2, 31),
            [a, b, y] if matches!(y.len(), 2 | 4) && number(y).is_some() => {
                is(a, 2, 31) && is(b, 2, 31) && (is(a, 2, 12) || is(b, 2, 12))
            }
            [y, m] if y.len() == 4 && m.len() == 2 && !day.contains('.') => is(m, 2, 12) && number(y).is_some(),
            _ => false,
        };
    }
    let word = |part: &&&str| {
        let part = part.to_lowercase();
        part.len() >= 3
            && part.is_char_boundary(3)
            && MONTHS.contains(&&part[..3])
            && part.chars().all(char::is_alphabetic)
    };
    (2..=4).contains(&parts.len())
        && parts.iter().filter(word).count() == 1
        && parts.iter().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).count() + 1 >= parts.len().min(3)
}

/// 12:30, 9:05:30.25, 3:15 pm, with or without Z or a distance to UTC.
fn is_time(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    let cell = cell.trim_end_matches(['z', 'm', 'a', 'p', ' ', '.']);
    let cell = cell.rsplit_once(['+', '-']).map_or(cell, |(time, _)| time);
    let parts: Vec<&str> = cell.split(':').collect();
    let whole = |part: &str| part.len() == 2 && part.parse::<u8>().is_ok_and(|v| v < 60);
    match parts[..] {
        [h, m] => h.len() <= 2 && h.parse::<u8>().is_ok() && whole(m),
        [h, m, s] => {
            h.len() <= 3
                && h.parse::<u16>().is_ok()
                && whole(m)
                && s.parse::<f64>().is_ok_and(|s| (0.0..61.0).contains(&s))
        }
        _ => false,
    }
}

/// A day as 20230131 is one.
fn is_compact_date(cell: &str) -> bool {
    cell.len() == 8 && cell.bytes().all(|byte| byte.is_ascii_digit()) && cell.parse().is_ok_and(is_day)
}

/// Whether a number may have been written as a day.
pub(super) fn is_day(number: f64) -> bool {
    let (year, month, day) = ((number / 1e4).floor(), (number / 1e2).floor() % 100.0, number % 100.0);
    (1800.0..2200.0).contains(&year) && (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day)
}

/// A number and what stands behind it.
fn split_unit(cell: &str) -> Option<(f64, &str)> {
    let end = cell.char_indices().find(|(_, c)| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-' | '−')))?.0;
    let (digits, unit) = cell.split_at(end);
    let value = number(digits).or_else(|| with_comma(digits))?;
    let (spaced, unit) = (unit.starts_with(' '), unit.trim());
    const KNOWN: [&str; 47] = [
        "kg", "g", "mg", "µg", "ug", "lb", "lbs", "oz", "km", "m", "cm", "mm", "mi", "ft", "in", "l", "ml", "dl", "s",
        "ms", "min", "mins", "h", "hr", "hrs", "d", "days", "yr", "yrs", "years", "y", "°c", "°f", "°", "w", "kw",
        "mw", "hz", "khz", "mhz", "ghz", "kb", "mb", "gb", "tb", "mmhg", "bpm",
    ];
    let letters = unit.chars().all(|c| c.is_alphabetic() || matches!(c, '/' | '°' | '²' | '³')) && !unit.is_empty();
    (letters && (spaced && unit.chars().count() <= 8 || KNOWN.contains(&unit.to_lowercase().as_str())))
        .then_some((value, unit))
}

/// The unit behind every number of a column, if there is one, more than two cells have it, and the numbers differ.
fn unit<'a>(texts: &[&'a str], cells: usize) -> Option<&'a str> {
    let split: Option<Vec<(f64, &str)>> = texts.iter().map(|text| split_unit(text)).collect();
    let split = split.filter(|_| cells > 2)?;
    let (first, unit) = *split.first()?;
    let alike = split.iter().all(|(_, other)| *other == unit);
    (alike && split.iter().any(|(value, _)| *value != first)).then_some(unit)
}
