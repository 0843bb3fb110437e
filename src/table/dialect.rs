//! The text of a table as people and their programs write it: encodings, separators, titles, comments, line ends, names
//! left out.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::cells::{blank, marks_missing, number, sort_of};
use super::scan::{As, Listed, Piece, Raw, column, ends_line, next_record, pieces, record, stretches};

/// What stands in a text: names, cells, and what was left out of it.
pub(super) struct Sheet {
    pub names: Vec<String>,
    pub columns: Vec<Raw>,
    /// Where each row begins in the file.
    pub lines: Vec<u64>,
    separator: char,
    /// What was left out, in words.
    pub notes: Vec<String>,
    text: Vec<u8>,
    /// Where the rows stand in the text, how many cells each has, and which of them is of each column.
    rows: Vec<Range<usize>>,
    width: usize,
    places: Vec<usize>,
}

/// The line of a fault, and what is wrong there.
pub(super) type Fault = (u64, String);

/// So many records are looked at before a text is read: they tell its columns, and names stand among them.
const HEAD: usize = 12;

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
        let cuts = if text.contains(&b'"') {
            let cuts = drop_what_precedes_cells(&mut text, by).map_err(|place| {
                let problem =
                    "unterminated quoted cell: close the quote where the cell ends, and write a quote within it twice";
                (line_at(&text, place), problem.into())
            })?;
            Some(cuts)
        } else {
            None
        };
        let mut records = Records::read(&text, by, cuts.as_deref());
        let mut notes = vec![];
        leave_out_comments(&mut records, &mut notes);
        leave_out_title(&mut records, &mut notes);
        leave_out_blank_rows(&mut records, &mut notes);
        leave_out_total(&mut records, &text, by, &mut notes);
        let (line, names) = if headless {
            let names = (1..=records.width).map(|at| format!("column {at}")).collect();
            (records.listed.first().map_or(1, |listed| listed.line), names)
        } else if records.listed.is_empty() {
            (1, vec![])
        } else {
            let names = records.listed.remove(0);
            (names.line, names.cells)
        };
        Self::of(text, records, (line, names), separator, headless, notes)
    }

    fn of(
        text: Vec<u8>,
        records: Records,
        (line, mut names): (u64, Vec<String>),
        separator: char,
        headless: bool,
        mut notes: Vec<String>,
    ) -> Result<Self, Fault> {
        let Records { width: usual, ways, listed, pieces: mut body, stretches } = records;
        let by = separator as u8;
        let first = body.iter().find(|piece| !piece.lines.is_empty()).map(|piece| (piece.first, piece.lines[0]));
        // Row names without a name of their own, as R writes them.
        let all = names.len();
        let one_more =
            listed.iter().all(|listed| listed.cells.len() == all + 1) && first.is_none_or(|_| usual == all + 1);
        let nameless = all >= 2 && one_more && !(listed.is_empty() && first.is_none());
        let width = all + usize::from(nameless);
        let unlike = |listed: &&Listed| listed.cells.len() != width;
        let (above, below) = listed.split_at(listed.partition_point(|listed| listed.after == 0));
        let wrong = |listed: &Listed| (listed.line, unequal(&listed.cells, width, separator));
        if let Some(listed) = above.iter().find(unlike) {
            return Err(wrong(listed));
        }
        if let Some((at, line)) = first.filter(|_| usual != width) {
            return Err((line, unequal(&record(&text, at, by, &mut 0).0, width, separator)));
        }
        if let Some(listed) = below.iter().find(unlike) {
            return Err(wrong(listed));
        }
        // The rows among the first records stand alone, each between what was left out.
        let mut rows: Vec<Range<usize>> = above.iter().map(|row| row.at..row.end).collect();
        let ways = if first.is_some() { ways } else { vec![As::Numbers; width] };
        let mut pieces = pieces(&text, &rows, 0, by, &ways);
        pieces.iter_mut().zip(above).for_each(|(piece, row)| piece.lines.fill(row.line));
        if first.is_some() {
            rows.extend(stretches);
            pieces.append(&mut body);
        }
        let lines = pieces.iter().flat_map(|piece| piece.lines.iter().copied()).collect();
        let columns: Vec<Option<Raw>> = (0..width).map(|at| column(&mut pieces, at)).collect();
        drop(pieces);
        let again: Vec<usize> = (0..width).filter(|at| columns[*at].is_none()).collect();
        let columns = columns.into_iter().map(|column| column.unwrap_or(Raw::Texts(vec![], vec![]))).collect();
        let places = (0..width).collect();
        let mut sheet = Self { names: vec![], columns, lines, separator, notes: vec![], text, rows, width, places };
        sheet.spell(&again);
        if nameless {
            let trails = sheet.columns.last().is_some_and(Raw::is_blank);
            names.insert(if trails { all } else { 0 }, String::new());
        }
        if !headless {
            if looks_like_a_row(&names, &sheet.columns) {
                let problem = format!(
                    "'{}' looks like a row of the table, not like the names of its columns: put a line of names above it, or \
                     say --no-header",
                    names.join(&separator.to_string())
                );
                return Err((line, problem));
            }
            // A separator at the end of every line, and the row names that many programs write.
            if names.first().is_some_and(String::is_empty) {
                sheet.spell(&[0]);
            }
            for at in (0..names.len()).rev() {
                if !names[at].is_empty() || names.len() == 1 {
                    continue;
                }
                let (nothing, row_names) = (sheet.columns[at].is_blank(), sheet.columns[at].differs_everywhere());
                if sheet.lines.is_empty() || !(nothing || at == 0 && row_names) {
                    continue;
                }
                if !nothing {
                    notes.push("column 1 has no name and another value in every row: left out as row names".into());
                }
                names.remove(at);
                sheet.columns.remove(at);
                sheet.places.remove(at);
            }
        }
        check_names(&names, &sheet.columns, separator).map_err(|problem| (line, problem))?;
        Ok(Self { names, notes, ..sheet })
    }

    /// Reads columns of numbers again as the texts that stand there.
    pub fn spell(&mut self, columns: &[usize]) {
        let mut ways = vec![As::Nothing; self.width];
        columns.iter().for_each(|at| ways[self.places[*at]] = As::Texts);
        if columns.is_empty() {
            return;
        }
        let mut pieces = pieces(&self.text, &self.rows, 0, self.separator as u8, &ways);
        for at in columns {
            // What is read as texts is never in doubt.
            if let Some(texts) = column(&mut pieces, self.places[*at]) {
                self.columns[*at] = texts;
            }
        }
    }
}

/// The records of a text: those at its head and those that are no rows one by one, all others by column.
struct Records {
    /// How many cells most have.
    width: usize,
    /// How each column is read.
    ways: Vec<As>,
    listed: Vec<Listed>,
    pieces: Vec<Piece>,
    stretches: Vec<Range<usize>>,
}

impl Records {
    /// `cuts` are places where lines begin; without any, every line may be one.
    fn read(text: &[u8], by: u8, cuts: Option<&[usize]>) -> Self {
        let (mut head, mut at, mut line, mut usual) = (vec![], 0, 1, 0);
        while usual < HEAD
            && let Some(begin) = next_record(text, at, text.len(), by, &mut line)
        {
            let begins = line;
            let cells;
            (cells, at) = record(text, begin, by, &mut line);
            usual += usize::from(!cells[0].starts_with('#') && cells.iter().any(|cell| !cell.is_empty()));
            head.push(Listed { at: begin, end: at, line: begins, cells, after: 0 });
        }
        let after = |from: usize| match cuts {
            Some(cuts) => cuts.get(cuts.partition_point(|cut| *cut < from)).copied().unwrap_or(text.len()),
            None => {
                let mut ends = (from..text.len()).filter(|at| matches!(text[*at], b'\n' | b'\r'));
                ends.find(|at| ends_line(text, *at) > 0).map_or(text.len(), |at| at + 1)
            }
        };
        let stretches = stretches(text, at, after);
        let mut width = usual_width(head.iter().map(|listed| (listed.cells.len(), 1)));
        loop {
            // Of which kind most cells at the head are.
            let way = |column: usize| {
                let cells = head.iter().skip(1).filter(|listed| listed.cells.len() == width);
                let cells: Vec<&str> = cells.map(|listed| listed.cells[column].as_str()).collect();
                let numbers = cells.iter().filter(|cell| number(cell).is_some() || marks_missing(cell)).count();
                if 2 * numbers >= cells.len() { As::Numbers } else { As::Texts }
            };
            let ways: Vec<As> = (0..width).map(way).collect();
            let pieces = if width > 0 { pieces(text, &stretches, line, by, &ways) } else { vec![] };
            let rows: usize = pieces.iter().map(|piece| piece.lines.len()).sum();
            let others = head.iter().chain(pieces.iter().flat_map(|piece| &piece.listed));
            let usual = usual_width(others.map(|listed| (listed.cells.len(), 1)).chain([(width, rows)]));
            if usual != width {
                width = usual;
                continue;
            }
            let (mut listed, mut before) = (head, 0);
            let mut pieces = pieces;
            for piece in &mut pieces {
                let own = piece.listed.drain(..);
                listed.extend(own.map(|own| Listed { after: before + own.after, ..own }));
                before += piece.lines.len();
            }
            return Self { width, ways, listed, pieces, stretches };
        }
    }

    /// How many rows are read by column.
    fn rows(&self) -> usize {
        self.pieces.iter().map(|piece| piece.lines.len()).sum()
    }

    fn len(&self) -> usize {
        self.listed.len() + self.rows()
    }

    /// The last record: its line and its cells.
    fn last(&self, text: &[u8], by: u8) -> Option<(u64, Vec<String>)> {
        let rows = self.rows();
        match self.listed.last().filter(|listed| listed.after == rows) {
            Some(listed) => Some((listed.line, listed.cells.clone())),
            None => {
                let piece = self.pieces.iter().rfind(|piece| !piece.lines.is_empty())?;
                Some((*piece.lines.last()?, record(text, piece.last, by, &mut 0).0))
            }
        }
    }

    fn pop(&mut self) {
        let rows = self.rows();
        if self.listed.last().is_some_and(|listed| listed.after == rows) {
            self.listed.pop();
        } else if let Some(at) = self.pieces.iter().rposition(|piece| !piece.lines.is_empty()) {
            self.stretches[at].end = self.pieces[at].last;
            self.pieces[at].pop();
        }
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
        return Err((
            line_at(text.as_bytes(), at),
            "a character of code 0, which no text has: the file is damaged, or no text".into(),
        ));
    }
    text.drain(..text.len() - text.trim_start_matches('\u{feff}').len());
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
pub(super) fn clean(cell: &str) -> String {
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

/// How many cells most lines have, of widths and how many lines are so wide.
fn usual_width(lines: impl Iterator<Item = (usize, usize)>) -> usize {
    let mut widths: HashMap<usize, usize> = HashMap::new();
    lines.for_each(|(width, lines)| *widths.entry(width).or_default() += lines);
    widths.into_iter().max_by_key(|(width, lines)| (*lines, *width)).map_or(0, |(width, _)| width)
}

/// Lines that begin with #, unless one has as many cells as the others: that may be a row, or names.
fn leave_out_comments(records: &mut Records, notes: &mut Vec<String>) {
    let (width, all) = (records.width, records.len());
    let listed = &mut records.listed;
    let before = listed.len();
    // Names behind a #, as a logger writes them, are names.
    listed.retain(|Listed { cells, .. }| !cells[0].starts_with('#') || cells.len() == width);
    let comments = before - listed.len();
    // In a table of one column a comment is as wide as the others: only what stands above the names is one.
    if width == 1 {
        let above = listed.iter().take_while(|listed| listed.cells[0].starts_with('#')).count();
        if above > 0 && above < all {
            notes.push(format!("{} left out as comments, beginning with #", lines_of(above)));
            listed.drain(..above);
        }
    } else if let Some(Listed { cells, .. }) = listed.first_mut()
        && let Some(name) = cells[0].strip_prefix('#')
    {
        cells[0] = name.trim_matches(blank).into();
    }
    if comments > 0 {
        notes.push(format!("{} left out as comments, beginning with #", lines_of(comments)));
    }
}

fn lines_of(count: usize) -> String {
    if count == 1 { "1 line".into() } else { format!("{count} lines") }
}

/// Lines above the names: one cell of them is filled, or fewer than the lines below have.
fn leave_out_title(records: &mut Records, notes: &mut Vec<String>) {
    let (width, pieces, listed) = (records.width, &records.pieces, &mut records.listed);
    let one = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count() <= 1;
    let is_above = |listed: &&Listed| listed.after == 0 && (one(&listed.cells) || listed.cells.len() < width);
    let above = listed.iter().take_while(is_above).count();
    if width < 2 || above == 0 || above > 10 {
        return;
    }
    // What comes next must be names: words, and none of them what stands in its column.
    let Some(Listed { cells: names, .. }) = listed.get(above) else { return };
    let recurs = |at: usize, name: &String| {
        listed[above + 1..].iter().any(|listed| listed.cells.get(at) == Some(name))
            || pieces.iter().any(|piece| piece.has(at, name))
    };
    let is_name = |(at, name): (usize, &String)| !name.is_empty() && number(name).is_none() && !recurs(at, name);
    if names.len() != width || !names.iter().enumerate().all(is_name) {
        return;
    }
    for Listed { line, cells, .. } in listed.drain(..above) {
        let title = cells.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(", ");
        notes.push(format!("line {line}, '{title}', stands above the names: left out as a title"));
    }
}

/// Rows in which no cell is filled.
fn leave_out_blank_rows(records: &mut Records, notes: &mut Vec<String>) {
    let all = records.listed.len();
    records.listed.retain(|Listed { cells, .. }| cells.len() == 1 || cells.iter().any(|cell| !cell.is_empty()));
    if records.listed.len() < all {
        notes.push(format!("{} left out, in which no cell is filled", lines_of(all - records.listed.len())));
    }
}

/// A last row that begins with `Total` and has an empty cell: a sum, and no observation.
fn leave_out_total(records: &mut Records, text: &[u8], by: u8, notes: &mut Vec<String>) {
    let is_total = |(_, cells): &(u64, Vec<String>)| {
        let first = cells[0].trim_end_matches(':').to_lowercase();
        cells.len() > 1
            && ["total", "totals", "grand total", "sum", "summe", "gesamt", "total général"].contains(&first.as_str())
            && cells[1..].iter().any(String::is_empty)
    };
    if records.len() > 2
        && let Some((line, cells)) = records.last(text, by).filter(is_total)
    {
        notes.push(format!("line {line}, which begins with '{}', left out as a line of totals", cells[0]));
        records.pop();
    }
}

/// Whether what stands for names is a row: numbers above numbers, words that occur below themselves.
fn looks_like_a_row(names: &[String], columns: &[Raw]) -> bool {
    let (mut numbers, mut words, mut occur) = (vec![], 0, 0);
    for (name, column) in names.iter().zip(columns) {
        let (mut sorts, rows) = (HashMap::new(), column.rows());
        match column {
            Raw::Numbers(_, missing) => drop(sorts.insert(Some(0), rows - missing.len())),
            Raw::Texts(texts, codes) => {
                let sort: Vec<Option<u8>> = texts.iter().map(|text| sort_of(text)).collect();
                codes.iter().for_each(|code| *sorts.entry(sort[*code as usize]).or_default() += 1);
            }
        }
        let of = |sort: Option<u8>| 2 * sorts.get(&sort).copied().unwrap_or(0) > rows;
        match sort_of(name) {
            sort @ Some(_) if of(sort) => numbers.push(number(name).unwrap_or(f64::NAN)),
            Some(_) => return false,
            // A mark of a missing value names no column.
            None if marks_missing(name) => (words, occur) = (words + 1, occur + 1),
            None if [0, 1, 2].into_iter().any(|sort| of(Some(sort))) => return false,
            None => {
                words += 1;
                occur += usize::from(matches!(column, Raw::Texts(texts, _) if texts.contains(name)));
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

/// The line of a byte, or of the first one after it that ends none, as an editor counts them.
fn line_at(text: &[u8], from: usize) -> u64 {
    let ends = |at: &usize| *at < from || matches!(text[*at], b'\r' | b'\n');
    1 + (0..text.len())
        .take_while(ends)
        .map(|at| if matches!(text[at], b'\r' | b'\n') { ends_line(text, at) } else { 0 })
        .sum::<u64>()
}

/// Drops spaces and tabs between a separator and the cell: either would keep a quote from opening it. Says where a line begins
/// now and then; the error is the place of a quote that opens a cell which none ends with: it would swallow the cells after it.
fn drop_what_precedes_cells(text: &mut Vec<u8>, separator: u8) -> Result<Vec<usize>, usize> {
    let (mut quoted, mut start, mut closed, mut cuts) = (false, true, false, vec![0]);
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
        if parts && *byte == b'\n' && at >= cuts[cuts.len() - 1] + (1 << 16) {
            cuts.push(at);
        }
        !blank
    });
    if quoted {
        unclosed.get_or_insert(opened);
    }
    unclosed.map_or(Ok(cuts), Err)
}

/// What is wrong with the names of columns, if anything is.
fn check_names(names: &[String], columns: &[Raw], separator: char) -> Result<(), String> {
    if let [name] = names {
        if let Some(other) = [';', '\t', '|', ','].into_iter().find(|other| name.contains(*other)) {
            let (other, by) = (other.escape_debug(), separator.escape_debug());
            return Err(format!(
                "only one column found, '{name}', of cells parted by '{by}': say --separator '{other}'"
            ));
        }
        let words = |cell: &String| cell.split_whitespace().count();
        if let [Raw::Texts(texts, _)] = columns
            && let Some(first) = texts.first().map(words).filter(|words| *words > 2)
            && texts.iter().all(|text| words(text) == first)
            && texts.iter().all(|text| text.split_whitespace().any(|word| number(word).is_some()))
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
