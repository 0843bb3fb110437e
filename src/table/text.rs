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
        let from = record.map_or(0, |position| position.byte() as usize);
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

/// Drops spaces and tabs between a comma and the cell, which would keep a quote from opening it.
pub(super) fn drop_blanks_before_cells(text: &mut Vec<u8>) {
    let (mut quoted, mut start, mut closed) = (false, true, false);
    text.retain(|byte| {
        let blank = start && matches!(byte, b' ' | b'\t');
        let quote = *byte == b'"' && (quoted || start || closed);
        (closed, quoted) = (quote && quoted, quoted ^ quote);
        start = blank || (!quoted && matches!(byte, b',' | b'\n' | b'\r'));
        !blank
    });
}

/// What is wrong with the names of columns, if anything is.
pub(super) fn check_names(names: &[String]) -> std::result::Result<(), String> {
    if let [name] = names
        && name.contains([';', '\t'])
    {
        return Err(format!("the one column '{name}': cells are parted by commas here, save the table with these"));
    }
    if let Some(column) = names.iter().position(String::is_empty).filter(|_| names.len() > 1) {
        return Err(format!("column {} of {} has no name: name it or delete it", column + 1, names.len()));
    }
    match names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        Some((_, name)) => Err(format!("two columns are named '{name}': rename one")),
        None => Ok(()),
    }
}
