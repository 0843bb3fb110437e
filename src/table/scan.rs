//! The cells of a text, column by column: a number is parsed where it stands, and of what is none every text is kept once.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::cells::marks_missing;
use super::dialect::clean;
use crate::distinct::{Distinct, hash};

/// A column as it stands in a file.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// Finite numbers and marks of missing values: NaN there, and which row has which mark.
    Numbers(Vec<f64>, Vec<(usize, Arc<str>)>),
    /// Texts in order of first sight, and the text of every row.
    Texts(Vec<String>, Vec<u32>),
}

impl Raw {
    pub fn rows(&self) -> usize {
        match self {
            Self::Numbers(cells, _) => cells.len(),
            Self::Texts(_, codes) => codes.len(),
        }
    }

    /// Whether no cell is filled.
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Texts(texts, _) if texts.iter().all(String::is_empty))
    }

    /// Whether every row has a text of its own.
    pub fn differs_everywhere(&self) -> bool {
        matches!(self, Self::Texts(texts, codes) if texts.len() == codes.len())
    }
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum As {
    /// As numbers; texts where there are none.
    Numbers,
    /// As texts, also where there are numbers.
    Texts,
    /// Not at all.
    Nothing,
}

/// Lines that are no row of the table: they have more or fewer cells, or none that is filled.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Where it begins in the text.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    pub line: u64,
    pub cells: Vec<String>,
    /// How many rows come before it.
    pub after: usize,
}

/// The rows of a stretch of text.
#[derive(Debug, Default)]
pub(super) struct Piece {
    columns: Vec<Part>,
    /// The line of each row; of a stretch alone, counted from 0.
    pub lines: Vec<u64>,
    pub listed: Vec<Listed>,
    /// How many lines end in it.
    ends: u64,
    /// Where the first and the last row begin.
    pub first: usize,
    pub last: usize,
}

/// What a stretch holds of a column.
#[derive(Debug)]
enum Part {
    /// A NaN has the place of a text in its last bits.
    Numbers(Vec<f64>, Texts),
    Texts(Vec<u32>, Texts),
    Nothing,
}

/// The different texts of a stretch, as they stand there.
#[derive(Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    places: Distinct,
}

impl Texts {
    fn place(&mut self, text: &[u8]) -> u32 {
        let Self { bytes, ends, places } = self;
        let place = places.place(hash(text), |place| within(bytes, ends, place) == text);
        if place == ends.len() {
            bytes.extend_from_slice(text);
            ends.push(bytes.len());
        }
        place as u32
    }

    fn text(&self, place: usize) -> String {
        clean(&String::from_utf8_lossy(within(&self.bytes, &self.ends, place)))
    }
}

fn within<'a>(bytes: &'a [u8], ends: &[usize], place: usize) -> &'a [u8] {
    &bytes[if place == 0 { 0 } else { ends[place - 1] }..ends[place]]
}

/// Where the text of a cell is kept that is no number.
const TEXT: u64 = 0x7ff8 << 48;

/// Reads stretches that follow each other, the first from this line on.
pub(super) fn pieces(text: &[u8], stretches: &[Range<usize>], line: u64, by: u8, ways: &[As]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> =
        stretches.par_iter().map(|stretch| Piece::read(text, stretch.clone(), by, ways)).collect();
    let mut begins = line;
    for piece in &mut pieces {
        piece.lines.iter_mut().for_each(|line| *line += begins);
        piece.listed.iter_mut().for_each(|listed| listed.line += begins);
        begins += piece.ends;
    }
    pieces
}

/// Of so many rows a part is long, and of so many it is mapped alone: 128 KiB of numbers, the threshold of glibc's allocator.
const LONG: usize = 1 << 11;
const MAPPED: usize = 1 << 14;

/// Cuts a text, from a place on, into stretches that end with a line; `after` says where a cut may be at or after a place.
pub(super) fn stretches(text: &[u8], from: usize, after: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    // A few for each core, none so short that starting it costs more than reading it.
    let size = ((text.len() - from) / (4 * rayon::current_num_threads())).clamp(1 << 20, 1 << 23);
    let (mut cuts, mut begin) = (vec![], from);
    while begin < text.len() {
        let end = if text.len() - begin <= size { text.len() } else { after(begin + size) };
        cuts.push(begin..end);
        begin = end;
    }
    cuts
}

impl Piece {
    fn read(text: &[u8], stretch: Range<usize>, by: u8, ways: &[As]) -> Self {
        let mut piece = Self { columns: ways.iter().map(|way| Part::new(*way)).collect(), ..Self::default() };
        let (mut at, mut line, mut unquoted) = (stretch.start, 0, vec![]);
        while let Some(begin) = next_record(text, at, stretch.end, by, &mut line) {
            let begins = line;
            match piece.row(text, begin, by, &mut line, &mut unquoted) {
                Some(end) => {
                    if piece.lines.is_empty() {
                        piece.reserve(stretch.len() / (end - begin + 1));
                        piece.first = begin;
                    }
                    (at, piece.last) = (end, begin);
                    piece.lines.push(begins);
                }
                None => {
                    let rows = piece.lines.len();
                    piece.columns.iter_mut().for_each(|part| part.truncate(rows));
                    line = begins;
                    let cells;
                    (cells, at) = record(text, begin, by, &mut line);
                    piece.listed.push(Listed { at: begin, end: at, line: begins, cells, after: rows });
                }
            }
        }
        piece.ends = line;
        piece
    }

    /// Reads a row, and says where it ends; nothing of a line that is none.
    #[inline]
    fn row(&mut self, text: &[u8], begin: usize, by: u8, line: &mut u64, unquoted: &mut Vec<u8>) -> Option<usize> {
        let (mut at, last, mut filled) = (begin, self.columns.len() - 1, self.columns.len() == 1);
        for (column, part) in self.columns.iter_mut().enumerate() {
            if let Part::Numbers(cells, _) = part
                && let Some((number, end)) = plain_number(text, at)
                && ends(text.get(end), by)
            {
                cells.push(number);
                (at, filled) = (end, true);
            } else {
                let (cell, end) = cell(text, at, by, line, unquoted);
                at = end;
                match part {
                    Part::Numbers(cells, texts) => match typed_number(cell) {
                        Some(number) => (filled, _) = (true, cells.push(number)),
                        None => {
                            cells.push(f64::from_bits(TEXT | u64::from(texts.place(cell))));
                            filled |= is_filled(cell);
                        }
                    },
                    Part::Texts(codes, texts) => {
                        codes.push(texts.place(cell));
                        filled = filled || is_filled(cell);
                    }
                    Part::Nothing => filled = filled || is_filled(cell),
                }
            }
            let more = text.get(at) == Some(&by);
            if more == (column == last) {
                return None;
            }
            at += usize::from(more);
        }
        filled.then_some(at)
    }

    /// Room for so many rows; of a long text so much that an allocator maps each part alone and gives it back to the system once it is
    /// joined. What is not written takes no memory.
    fn reserve(&mut self, rows: usize) {
        self.lines.reserve(rows);
        let rows = if (LONG..MAPPED).contains(&rows) && self.columns.len() <= LONG { MAPPED } else { rows };
        for part in &mut self.columns {
            match part {
                Part::Numbers(cells, _) => cells.reserve(rows),
                Part::Texts(codes, _) => codes.reserve(rows),
                Part::Nothing => {}
            }
        }
    }

    /// Takes the last row back, if there is one.
    pub fn pop(&mut self) {
        let rows = self.lines.len().saturating_sub(1);
        self.lines.truncate(rows);
        self.columns.iter_mut().for_each(|part| part.truncate(rows));
    }

    /// Whether this text stands in a column.
    pub fn has(&self, column: usize, text: &str) -> bool {
        let of = |texts: &Texts| (0..texts.ends.len()).find(|place| texts.text(*place) == text);
        match &self.columns[column] {
            Part::Numbers(cells, texts) => {
                of(texts).is_some_and(|place| cells.iter().any(|c| text_of(c) == Some(place)))
            }
            Part::Texts(codes, texts) => of(texts).is_some_and(|place| codes.contains(&(place as u32))),
            Part::Nothing => false,
        }
    }
}

impl Part {
    fn new(way: As) -> Self {
        match way {
            As::Numbers => Self::Numbers(vec![], Texts::default()),
            As::Texts => Self::Texts(vec![], Texts::default()),
            As::Nothing => Self::Nothing,
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Numbers(cells, _) => cells.truncate(rows),
            Self::Texts(codes, _) => codes.truncate(rows),
            Self::Nothing => {}
        }
    }
}

/// The place of the text of a cell that is no number.
fn text_of(cell: &f64) -> Option<usize> {
    cell.is_nan().then_some(cell.to_bits() as u32 as usize)
}

/// The different texts of all pieces, in order of first sight.
#[derive(Default)]
struct Merged {
    texts: Vec<String>,
    places: Distinct,
    /// Of the texts of the piece that is looked at, those that are known.
    known: Vec<Option<u32>>,
}

impl Merged {
    fn begin(&mut self, texts: &Texts) {
        self.known = vec![None; texts.ends.len()];
    }

    #[inline]
    fn place(&mut self, texts: &Texts, own: usize) -> u32 {
        if let Some(place) = self.known[own] {
            return place;
        }
        let text = texts.text(own);
        let place = self.places.place(hash(text.as_bytes()), |place| self.texts[place] == text);
        if place == self.texts.len() {
            self.texts.push(text);
        }
        self.known[own] = Some(place as u32);
        place as u32
    }
}

/// A column of all pieces, which give it up; none where both numbers and texts that are no marks of a missing value stand: it
/// must be read again, as texts.
pub(super) fn column(pieces: &mut [Piece], at: usize) -> Option<Raw> {
    let rows = pieces.iter().map(|piece| piece.lines.len()).sum();
    let (mut merged, mut codes, mut found, mut begin) = (Merged::default(), vec![], vec![], 0);
    for piece in &*pieces {
        match &piece.columns[at] {
            Part::Texts(own, texts) => {
                merged.begin(texts);
                codes.reserve_exact(rows - codes.len());
                codes.extend(own.iter().map(|own| merged.place(texts, *own as usize)));
            }
            Part::Numbers(cells, texts) if !texts.ends.is_empty() => {
                merged.begin(texts);
                let texts_in = cells.iter().enumerate().filter_map(|(row, cell)| Some((row, text_of(cell)?)));
                found.extend(texts_in.map(|(row, own)| (begin + row, merged.place(texts, own))));
            }
            _ => {}
        }
        begin += piece.lines.len();
    }
    if codes.len() == rows {
        return Some(Raw::Texts(merged.texts, codes));
    }
    if found.len() == rows {
        return Some(Raw::Texts(merged.texts, found.into_iter().map(|(_, code)| code).collect()));
    }
    if !merged.texts.iter().all(|text| marks_missing(text)) {
        return None;
    }
    let mut numbers = Vec::with_capacity(rows);
    for piece in pieces {
        if let Part::Numbers(cells, _) = std::mem::replace(&mut piece.columns[at], Part::Nothing) {
            numbers.extend_from_slice(&cells);
        }
    }
    let marks: Vec<Arc<str>> = merged.texts.into_iter().map(Arc::from).collect();
    found.iter().for_each(|(row, _)| numbers[*row] = f64::NAN);
    let missing = found.into_iter().map(|(row, code)| (row, marks[code as usize].clone())).collect();
    Some(Raw::Numbers(numbers, missing))
}

/// Where the next record begins, before the end of a stretch: lines of nothing but blanks are none. Counts the lines before it.
pub(super) fn next_record(text: &[u8], mut at: usize, end: usize, by: u8, line: &mut u64) -> Option<usize> {
    while at < end {
        let blanks = text[at..end].iter().take_while(|byte| matches!(byte, b' ' | b'\t') && **byte != by).count();
        match text.get(at + blanks) {
            Some(b'\n' | b'\r') => {
                *line += ends_line(text, at + blanks);
                at += blanks + 1;
            }
            Some(_) => return Some(at),
            None => return None,
        }
    }
    None
}

/// The cells of a record, and where it ends. Counts the lines that end within quotes.
pub(super) fn record(text: &[u8], mut at: usize, by: u8, line: &mut u64) -> (Vec<String>, usize) {
    let (mut cells, mut unquoted) = (vec![], vec![]);
    loop {
        let (cell, end) = cell(text, at, by, line, &mut unquoted);
        cells.push(clean(&String::from_utf8_lossy(cell)));
        if text.get(end) != Some(&by) {
            return (cells, end);
        }
        at = end + 1;
    }
}

/// What stands in a cell, without its quotes, and where it ends.
fn cell<'a>(text: &'a [u8], at: usize, by: u8, line: &mut u64, unquoted: &'a mut Vec<u8>) -> (&'a [u8], usize) {
    let length = |from: usize, is: &dyn Fn(&u8) -> bool| text[from..].iter().position(is).unwrap_or(text.len() - from);
    if text.get(at) != Some(&b'"') {
        let end = at + text[at..].iter().position(|byte| is_end(*byte, by)).unwrap_or(text.len() - at);
        return (&text[at..end], end);
    }
    let close = at + 1 + length(at + 1, &|byte| matches!(byte, b'"' | b'\n' | b'\r'));
    if text.get(close) == Some(&b'"') && ends(text.get(close + 1), by) {
        return (&text[at + 1..close], close + 1);
    }
    // A quote within it stands there twice; what comes after the last one belongs to the cell too.
    unquoted.clear();
    let (mut at, mut quoted) = (at + 1, true);
    while let Some(byte) = text.get(at) {
        if *byte == b'"' && quoted {
            quoted = text.get(at + 1) == Some(&b'"');
            if quoted {
                unquoted.push(b'"');
                at += 1;
            }
        } else if !quoted && is_end(*byte, by) {
            break;
        } else {
            unquoted.push(*byte);
            *line += u64::from(matches!(byte, b'\n' | b'\r')) * ends_line(text, at);
        }
        at += 1;
    }
    (unquoted, at)
}

fn is_end(byte: u8, by: u8) -> bool {
    byte == by || byte == b'\n' || byte == b'\r'
}

/// Whether a cell ends before this byte.
fn ends(byte: Option<&u8>, by: u8) -> bool {
    byte.is_none_or(|byte| is_end(*byte, by))
}

/// How many lines end here: of a carriage return and a line feed the second ends the line.
pub(super) fn ends_line(text: &[u8], at: usize) -> u64 {
    u64::from(text[at] == b'\n' || (text[at] == b'\r' && text.get(at + 1) != Some(&b'\n')))
}

/// Whether anything can be seen in a cell.
fn is_filled(cell: &[u8]) -> bool {
    cell.first().is_some_and(u8::is_ascii_alphanumeric) || !clean(&String::from_utf8_lossy(cell)).is_empty()
}

/// The finite number that a cell holds, whatever way it is written: 1e-5, .5, or with blanks around it.
fn typed_number(cell: &[u8]) -> Option<f64> {
    let digits = cell.trim_ascii();
    let may_be = digits.iter().any(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok().filter(|_| may_be)?.parse().ok();
    number.filter(|number: &f64| number.is_finite())
}

/// The number of digits, and a point among them, that stands here, and where it ends.
#[inline]
fn plain_number(text: &[u8], begin: usize) -> Option<(f64, usize)> {
    let sign = *text.get(begin)?;
    let from = begin + usize::from(matches!(sign, b'-' | b'+'));
    let (mut digits, mut at) = digits(text, from, 0);
    let (mut many, mut decimals) = (at - from, 0);
    if text.get(at) == Some(&b'.') {
        let point = at + 1;
        (digits, at) = self::digits(text, point, digits);
        decimals = at - point;
        many += decimals;
    }
    if many == 0 {
        return None;
    }
    // Both exact, so that one division rounds as it should; nineteen digits are counted without a loss.
    let number = if many <= 19 && digits <= 1 << 53 {
        let number = digits as f64 / TENS[decimals];
        if sign == b'-' { -number } else { number }
    } else {
        std::str::from_utf8(&text[begin..at]).ok()?.parse().ok().filter(|number: &f64| number.is_finite())?
    };
    Some((number, at))
}

/// As far as a double is exact, and further than decimals go here.
const TENS: [f64; 20] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19];

/// A number with the digits that stand here behind its own, and where they end: eight at a time.
#[inline]
fn digits(text: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*eight) ^ (0x30 * EACH);
        // The high bit of every byte that is no digit.
        let others = (((word & (0x7f * EACH)) + 0x76 * EACH) | word) & (0x80 * EACH);
        let many = others.trailing_zeros() / 8;
        if many == 0 {
            return (number, at);
        }
        // Zeros before them; then digits by two, by four, by eight.
        let word = word << (64 - 8 * many);
        let word = word.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
        let word = word.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
        let word = word.wrapping_mul(10_000 << 32 | 1) >> 32;
        number = number.wrapping_mul(10u64.pow(many)).wrapping_add(word);
        at += many as usize;
        if many < 8 {
            return (number, at);
        }
    }
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    (number, at)
}
