//! The text of a table as people and their programs write it: blanks before cells, odd line ends, names left out.

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

/// Drops the byte order mark, and spaces and tabs between a comma and the cell: either would keep a quote from opening
/// it. The error is the place of a quote that opens a cell which none ends with: it would swallow the cells after it.
pub(super) fn drop_what_precedes_cells(text: &mut Vec<u8>) -> Result<(), usize> {
    if text.starts_with("\u{feff}".as_bytes()) {
        text.drain(.."\u{feff}".len());
    }
    let (mut quoted, mut start, mut closed) = (false, true, false);
    // Where the last quote opened a cell, whether that cell is over but for blanks, and the first that was not then.
    let (mut at, mut opened, mut over, mut unclosed) = (0, 0, false, None);
    text.retain(|byte| {
        let blank = start && matches!(byte, b' ' | b'\t');
        let quote = *byte == b'"' && (quoted || start || closed);
        if quote && start {
            opened = at;
        }
        (closed, quoted) = (quote && quoted, quoted ^ quote);
        let parts = !quoted && matches!(byte, b',' | b'\n' | b'\r');
        over = closed || (over && !quoted && !parts);
        if over && !closed && !matches!(byte, b' ' | b'\t') {
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
pub(super) fn check_names(names: &[String]) -> std::result::Result<(), String> {
    if let [name] = names
        && name.contains([';', '\t'])
    {
        return Err(format!("only one column found, '{name}': save the table with commas between cells"));
    }
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
    names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)).map(|(_, name)| name)
}
