//! The text of a table as people and their programs write it: encodings, separators, titles, comments, line ends, names
//! left out.

use std::collections::{HashMap, HashSet};

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::cells::{blank, marks_missing, number, sort_of};

/// What stands in a text: names, cells, and what was left out of it.
pub(super) struct Sheet {
    pub names: Vec<String>,
    /// Column by column.
    pub cells: Vec<Vec<String>>,
    /// Where each row begins in the file.
    pub lines: Vec<u64>,
    pub separator: char,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

/// The line of a fault, and what is wrong there.
pub(super) type Fault = (u64, String);

type Record = (u64, Vec<String>);

impl Sheet {
    /// Reads a text whose cells are parted by `separator`, or by what its lines seem to be parted by. A `headless` one has
    /// no line of names: its columns are called `column 1`, `column 2`, …
    pub fn read(bytes: Vec<u8>, separator: Option<char>, headless: bool, file: &str) -> Result<Self, Fault> {
        let mut text = decode(bytes, file)?.into_bytes();
        let said = said_separator(&mut text);
        let separator = separator.or(said).unwrap_or_else(|| likely_separator(&text));
        if !separator.is_ascii() || matches!(separator, '"' | '\n' | '\r') {
            return Err((1, format!("'{separator}' cannot part cells: take a comma, a semicolon, a tab or a bar")));
        }
        let by = separator as u8;
        drop_what_precedes_cells(&mut text, by).map_err(|place| {
            let problem =
                "unterminated quoted cell: close the quote where the cell ends, and write a quote within it twice";
            (Lines::new(&text).at_byte(place), problem.into())
        })?;
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(by).flexible(true).has_headers(false).from_reader(text.as_slice());
        let (mut places, mut records): (_, Vec<Record>) = (Lines::new(&text), vec![]);
        for record in reader.records() {
            let record = record.map_err(|e| (Lines::new(&text).of(e.position()), e.to_string()))?;
            records.push((places.of(record.position()), record.iter().map(clean).collect()));
        }
        let mut notes = vec![];
        let width = usual_width(&records);
        leave_out_comments(&mut records, width, &mut notes);
        leave_out_title(&mut records, width, &mut notes);
        leave_out_blank_rows(&mut records, &mut notes);
        leave_out_total(&mut records, &mut notes);
        let header = if headless {
            (records.first().map_or(1, |(line, _)| *line), (1..=width).map(|at| format!("column {at}")).collect())
        } else if records.is_empty() {
            (1, vec![])
        } else {
            records.remove(0)
        };
        Self::of_records(header, records, separator, headless, notes)
    }

    fn of_records(
        (line, mut names): Record,
        records: Vec<Record>,
        separator: char,
        headless: bool,
        mut notes: Vec<String>,
    ) -> Result<Self, Fault> {
        // Row names without a name of their own, as R writes them.
        let all = names.len();
        let one_more = |(_, cells): &Record| cells.len() == all + 1;
        if all >= 2 && !records.is_empty() && records.iter().all(&one_more) {
            let trails = records.iter().all(|(_, cells)| cells.last().is_some_and(String::is_empty));
            names.insert(if trails { all } else { 0 }, String::new());
        }
        let (width, mut cells, mut lines) = (names.len(), vec![vec![]; names.len()], vec![]);
        for (line, record) in records {
            if record.len() != width {
                return Err((line, unequal(&record, width, separator)));
            }
            lines.push(line);
            cells.iter_mut().zip(record).for_each(|(column, cell)| column.push(cell));
        }
        if !headless {
            if looks_like_a_row(&names, &cells) {
                let problem = format!(
                    "'{}' looks like a row of the table, not like the names of its columns: put a line of names above it, or \
                     say --no-header",
                    names.join(&separator.to_string())
                );
                return Err((line, problem));
            }
            // A separator at the end of every line, and the row names that many programs write.
            for at in (0..names.len()).rev() {
                if !names[at].is_empty() || names.len() == 1 {
                    continue;
                }
                let distinct: HashSet<&String> = cells[at].iter().collect();
                let (nothing, row_names) = (cells[at].iter().all(String::is_empty), distinct.len() == cells[at].len());
                if lines.is_empty() || !(nothing || at == 0 && row_names) {
                    continue;
                }
                if !nothing {
                    notes.push("column 1 has no name and another value in every row: left out as row names".into());
                }
                names.remove(at);
                cells.remove(at);
            }
        }
        check_names(&names, &cells, separator).map_err(|problem| (line, problem))?;
        Ok(Self { names, cells, lines, separator, notes })
    }
}

/// What is wrong with a row that is longer or shorter than the header.
fn unequal(record: &[String], width: usize, separator: char) -> String {
    let cells = record.len();
    let what = format!("{cells} cell{}, but the header has {width}", if cells == 1 { "" } else { "s" });
    let by = match separator {
        ',' => "comma".into(),
        ';' => "semicolon".into(),
        '\t' => "tab".into(),
        other => format!("'{other}'"),
    };
    if cells > width {
        let decimal = if width == 1 { "; if commas part the decimals, say --separator ';'" } else { "" };
        format!("{what}: a cell with a {by} in it needs quotes{decimal}")
    } else if record.iter().filter(|cell| !cell.is_empty()).count() <= 1 && width > 2 {
        format!(
            "{what}: delete the line if it is a title, a comment or a footnote; if it was cut, write its other cells"
        )
    } else {
        format!("{what}: write the others, or leave their places empty")
    }
}

/// The text of bytes in UTF-8, or in UTF-16 with a byte order mark.
pub(crate) fn decode(bytes: Vec<u8>, file: &str) -> Result<String, Fault> {
    for (magic, what) in [
        (&b"PK\x03\x04"[..], "a workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel"),
        (b"\x1f\x8b", "compressed by gzip"),
        (b"PAR1", "a Parquet file"),
        (b"SQLite format 3", "a SQLite database"),
    ] {
        if bytes.starts_with(magic) {
            return Err((1, format!("this is {what} and no text: save the table as CSV")));
        }
    }
    let wide = |bytes: &[u8], of: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| of([pair[0], pair.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    if matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) && bytes.len() % 2 == 1 {
        return Err((1, "this text is UTF-16, but ends with half a character: the file was cut".into()));
    }
    let mut text = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] => return Err((1, convert("UTF-32", "UTF-32", file))),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        // Without a mark, by the zeros in every other byte of a first character.
        [first, 0, ..] if *first != 0 => wide(&bytes, u16::from_le_bytes),
        [0, first, ..] if *first != 0 => wide(&bytes, u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|e| {
            let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            (line as u64, convert("neither UTF-8 nor UTF-16, perhaps Latin-1", "WINDOWS-1252", file))
        })?,
    };
    // The mark that ends a file of DOS, and the zeros that end a block.
    text.truncate(text.trim_end_matches(['\u{1a}', '\0']).len());
    if let Some(at) = text.find('\0') {
        let line = Lines::new(text.as_bytes()).at_byte(at);
        return Err((line, "a character of code 0, which no text has: the file is damaged, or no text".into()));
    }
    let text = text.trim_start_matches('\u{feff}').to_string();
    let begins = |with: &str| text.trim_start().get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let marked =
        [("@relation", "an ARFF file"), ("<!doctype", "a web page"), ("<html", "a web page"), ("<?xml", "XML")];
    let json = [("{\"", "JSON"), ("[{", "JSON"), ("[[", "JSON")];
    match marked.into_iter().chain(json).find(|(start, _)| begins(start)) {
        Some((_, what)) => Err((1, format!("this is {what} and no table: save it as CSV"))),
        None => Ok(text),
    }
}

fn convert(what: &str, from: &str, file: &str) -> String {
    let file = if file == "the table" { "table.csv" } else { file };
    format!("this text is {what}: save it as UTF-8, as `iconv -f {from} -t UTF-8 {file} > utf8.csv` does")
}

/// A cell without what cannot be seen around it and in it, its accents as one character, and without quotes of another
/// make around it.
fn clean(cell: &str) -> String {
    let plain = |cell: &str| cell.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    let trimmed = cell.trim_matches(blank);
    let written: String = if plain(trimmed) {
        trimmed.into()
    } else {
        let shown = trimmed.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}' | '\u{ad}'));
        let spaced: String =
            shown.map(|c| if matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}') { ' ' } else { c }).collect();
        if is_nfc(&spaced) { spaced } else { spaced.nfc().collect() }
    };
    for (open, close) in [('\'', '\''), ('‘', '’'), ('“', '”'), ('„', '“'), ('«', '»')] {
        if let Some(within) = written.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
            && !within.contains([open, close])
        {
            return within.trim_matches(blank).into();
        }
    }
    written
}

/// The separator that a first line `sep=;` names, as spreadsheets write and read it; the line becomes empty.
fn said_separator(text: &mut Vec<u8>) -> Option<char> {
    let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
    let first = std::str::from_utf8(&text[..end]).ok()?.trim_matches('"');
    let said = first.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).map(|_| &first[4..])?;
    let mut said = said.trim_matches('"').chars();
    let separator = said.next().filter(|_| said.next().is_none())?;
    text.drain(..end);
    Some(separator)
}

/// Of comma, semicolon, tab and bar the one that parts most lines alike; a comma where none does.
fn likely_separator(text: &[u8]) -> char {
    const ALL: [char; 4] = [',', ';', '\t', '|'];
    let (mut lines, mut counts, mut quoted, mut begun) = (vec![], [0usize; 4], false, None);
    for byte in text.iter().chain(b"\n") {
        quoted ^= *byte == b'"';
        match byte {
            b'\n' | b'\r' if !quoted || lines.len() > 200 => {
                if begun.is_some_and(|first| first != b'#') {
                    lines.push(counts);
                }
                (counts, begun) = ([0; 4], None);
            }
            _ => {
                begun = begun.or(Some(*byte));
                if let Some(at) = ALL.iter().position(|separator| *separator as u8 == *byte).filter(|_| !quoted) {
                    counts[at] += 1;
                }
            }
        }
        if lines.len() > 200 {
            break;
        }
    }
    let mut best = (0, 0, ',');
    for (at, separator) in ALL.into_iter().enumerate() {
        let mut alike: HashMap<usize, usize> = HashMap::new();
        lines.iter().filter(|counts| counts[at] > 0).for_each(|counts| *alike.entry(counts[at]).or_default() += 1);
        if let Some((count, lines)) = alike.into_iter().max_by_key(|(count, lines)| (*lines, *count))
            && (lines, count) > (best.0, best.1)
        {
            best = (lines, count, separator);
        }
    }
    best.2
}

/// How many cells most lines have.
fn usual_width(records: &[Record]) -> usize {
    let mut widths: HashMap<usize, usize> = HashMap::new();
    records.iter().for_each(|(_, cells)| *widths.entry(cells.len()).or_default() += 1);
    widths.into_iter().max_by_key(|(width, lines)| (*lines, *width)).map_or(0, |(width, _)| width)
}

/// Lines that begin with #, unless one has as many cells as the others: that may be a row, or names.
fn leave_out_comments(records: &mut Vec<Record>, width: usize, notes: &mut Vec<String>) {
    let is_comment = |cells: &[String]| cells[0].starts_with('#') && cells.len() != width;
    // Names behind a #, as a logger writes them, are names.
    let all = records.len();
    let lines: Vec<String> =
        records.iter().filter(|(_, cells)| is_comment(cells)).map(|(line, _)| line.to_string()).collect();
    records.retain(|(_, cells)| !is_comment(cells));
    // In a table of one column a comment is as wide as the others: only what stands above the names is one.
    if width == 1 {
        let above = records.iter().take_while(|(_, cells)| cells[0].starts_with('#')).count();
        if above > 0 && above < all {
            notes.push(format!("{} left out as comments, beginning with #", lines_of(above)));
            records.drain(..above);
        }
    } else if let Some((_, cells)) = records.first_mut()
        && let Some(name) = cells[0].strip_prefix('#')
    {
        cells[0] = name.trim_matches(blank).into();
    }
    if !lines.is_empty() {
        notes.push(format!("{} left out as comments, beginning with #", lines_of(lines.len())));
    }
}

fn lines_of(count: usize) -> String {
    if count == 1 { "1 line".into() } else { format!("{count} lines") }
}

/// Lines above the names: one cell of them is filled, or fewer than the lines below have.
fn leave_out_title(records: &mut Vec<Record>, width: usize, notes: &mut Vec<String>) {
    let one = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count() <= 1;
    let above = records.iter().take_while(|(_, cells)| one(cells) || cells.len() < width).count();
    if width < 2 || above == 0 || above > 10 {
        return;
    }
    // What comes next must be names: words, and none of them what stands in its column.
    let Some((_, names)) = records.get(above) else { return };
    let recurs = |at: usize, name: &String| records[above + 1..].iter().any(|(_, cells)| cells.get(at) == Some(name));
    let is_name = |(at, name): (usize, &String)| !name.is_empty() && number(name).is_none() && !recurs(at, name);
    if names.len() != width || !names.iter().enumerate().all(is_name) {
        return;
    }
    for (line, cells) in records.drain(..above) {
        let title = cells.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(", ");
        notes.push(format!("line {line}, '{title}', stands above the names: left out as a title"));
    }
}

/// Rows in which no cell is filled.
fn leave_out_blank_rows(records: &mut Vec<Record>, notes: &mut Vec<String>) {
    let all = records.len();
    let filled = |cells: &[String]| cells.len() == 1 || cells.iter().any(|cell| !cell.is_empty());
    records.retain(|(_, cells)| filled(cells));
    if records.len() < all {
        notes.push(format!("{} left out, in which no cell is filled", lines_of(all - records.len())));
    }
}

/// A last row that begins with `Total` and has an empty cell: a sum, and no observation.
fn leave_out_total(records: &mut Vec<Record>, notes: &mut Vec<String>) {
    let is_total = |(_, cells): &&Record| {
        let first = cells[0].trim_end_matches(':').to_lowercase();
        cells.len() > 1
            && ["total", "totals", "grand total", "sum", "summe", "gesamt", "total général"].contains(&first.as_str())
            && cells[1..].iter().any(String::is_empty)
    };
    if records.len() > 2
        && let Some((line, cells)) = records.last().filter(is_total)
    {
        notes.push(format!("line {line}, which begins with '{}', left out as a line of totals", cells[0]));
        records.pop();
    }
}

/// Whether what stands for names is a row: numbers above numbers, words that occur below themselves.
fn looks_like_a_row(names: &[String], cells: &[Vec<String>]) -> bool {
    let (mut numbers, mut words, mut occur) = (vec![], 0, 0);
    for (name, cells) in names.iter().zip(cells) {
        let of = |sort: Option<u8>| 2 * cells.iter().filter(|cell| sort_of(cell) == sort).count() > cells.len();
        match sort_of(name) {
            sort @ Some(_) if of(sort) => numbers.push(number(name).unwrap_or(f64::NAN)),
            Some(_) => return false,
            // A mark of a missing value names no column.
            None if marks_missing(name) => (words, occur) = (words + 1, occur + 1),
            None if [0, 1, 2].into_iter().any(|sort| of(Some(sort))) => return false,
            None => {
                words += 1;
                occur += usize::from(cells.contains(name));
            }
        }
    }
    // Years, and the numbers that programs give to columns without names.
    let years = (numbers.len() > 1 || words > occur)
        && numbers.iter().all(|year| year.fract() == 0.0 && (1800.0..2200.0).contains(year));
    let counted = numbers.len() > 1 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0);
    if numbers.is_empty() {
        // Words only: every one is a level of its own column.
        return words > 1 && occur == words;
    }
    !(years || counted) && 2 * occur >= words.min(2)
}

/// The lines of a text, as an editor counts them: the CSV reader's own count is before the line ends that it skips.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line in which a record begins; records must come in order.
    pub fn of(&mut self, record: Option<&csv::Position>) -> u64 {
        self.at_byte(record.map_or(0, |position| position.byte() as usize))
    }

    /// The line of a byte, or of the first one after it that ends none.
    pub fn at_byte(&mut self, from: usize) -> u64 {
        while let Some(byte) = self.text.get(self.at)
            && (self.at < from || matches!(byte, b'\r' | b'\n'))
        {
            // Of a carriage return and a line feed the second ends the line.
            let ends = *byte == b'\n' || (*byte == b'\r' && self.text.get(self.at + 1) != Some(&b'\n'));
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}

/// Drops spaces and tabs between a separator and the cell: either would keep a quote from opening it. The error is the
/// place of a quote that opens a cell which none ends with: it would swallow the cells after it.
fn drop_what_precedes_cells(text: &mut Vec<u8>, separator: u8) -> Result<(), usize> {
    let (mut quoted, mut start, mut closed) = (false, true, false);
    // Where the last quote opened a cell, whether that cell is over but for blanks, and the first that was not then.
    let (mut at, mut opened, mut over, mut unclosed) = (0, 0, false, None);
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t') && *byte != separator;
    text.retain(|byte| {
        let blank = start && is_blank(byte);
        let quote = *byte == b'"' && (quoted || start || closed);
        if quote && start {
            opened = at;
        }
        (closed, quoted) = (quote && quoted, quoted ^ quote);
        let parts = !quoted && (*byte == separator || matches!(byte, b'\n' | b'\r'));
        over = closed || (over && !quoted && !parts);
        if over && !closed && !is_blank(byte) {
            unclosed.get_or_insert(opened);
        }
        start = blank || parts;
        at += usize::from(!blank);
        !blank
    });
    if quoted {
        unclosed.get_or_insert(opened);
    }
    unclosed.map_or(Ok(()), Err)
}

/// What is wrong with the names of columns, if anything is.
fn check_names(names: &[String], cells: &[Vec<String>], separator: char) -> Result<(), String> {
    if let ([name], [cells]) = (names, cells) {
        if let Some(other) = [';', '\t', '|', ','].into_iter().find(|other| name.contains(*other)) {
            let (other, by) = (other.escape_debug(), separator.escape_debug());
            return Err(format!(
                "only one column found, '{name}', of cells parted by '{by}': say --separator '{other}'"
            ));
        }
        let words = |cell: &String| cell.split_whitespace().count();
        if let Some(first) = cells.first().map(words).filter(|words| *words > 2)
            && cells.iter().all(|cell| words(cell) == first)
            && cells.iter().all(|cell| cell.split_whitespace().any(|word| number(word).is_some()))
        {
            return Err(format!(
                "only one column found, '{name}', but {first} words in every line: part the cells by commas instead of \
                 spaces, as `tr -s ' ' ,` does"
            ));
        }
    }
    named(names)
}

/// What is wrong with the names alone.
pub(super) fn named(names: &[String]) -> Result<(), String> {
    if let Some(column) = names.iter().position(String::is_empty).filter(|_| names.len() > 1) {
        return Err(format!("column {} of {} has no name: name it or delete it", column + 1, names.len()));
    }
    match repeated(names) {
        Some(name) => Err(format!("two columns are named '{name}': rename one")),
        None => Ok(()),
    }
}

/// The first name that stands there twice.
pub(super) fn repeated(names: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    names.iter().find(|name| !seen.insert(*name))
}
