//! TensorBoard's event files: records of a length, its checksum, an `Event` in protocol-buffer wire format, and its checksum.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use candle_mle_info::Unit;
use crc::{CRC_32_ISCSI, Crc};

use super::Sink;
use crate::error::{Error, Result};
use crate::hook::{History, Row};

/// Scalars that TensorBoard shows while the run goes on: `tensorboard --logdir FOLDER`.
///
/// KL and cross-entropy are in the group `bits per observation`, one picture under the other on the same scale, −Σ ln q in `bits in
/// all`; TensorBoard has no logarithmic step axis, and so a third group has them against 1000 log₁₀(1 + step). An event holds a
/// number in 24 bits: for all digits take the CSV file. A run that goes on, or a new one in the same folder, has a file of its own,
/// which tells TensorBoard from which step on the earlier ones hold no more.
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    unit: Unit,
    file: Option<(PathBuf, File)>,
    /// The last place on the logarithmic axis that was given.
    last: Option<i64>,
}

/// Castagnoli's polynomial.
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

impl TensorBoard {
    /// Into a folder, which is made when a run begins.
    pub fn new(folder: impl Into<PathBuf>, unit: Unit) -> Self {
        Self { folder: folder.into(), unit, file: None, last: None }
    }

    /// A name that comes after those of the earlier runs.
    fn create(&mut self) -> Result<()> {
        let refuse = |path: &PathBuf| {
            let path = path.clone();
            move |problem| Error::File { action: "write", path, problem }
        };
        std::fs::create_dir_all(&self.folder).map_err(refuse(&self.folder))?;
        let (seconds, process) = (since_epoch() as u64, std::process::id());
        for more in 0.. {
            let path = self.folder.join(format!("events.out.tfevents.{:010}.candle-mle.{process}.{more}", seconds));
            match File::create_new(&path) {
                Err(problem) if problem.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => {
                    let file = made.map_err(refuse(&path))?;
                    self.file = Some((path, file));
                    break;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, records: &[u8]) -> Result<()> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        file.write_all(records).map_err(|problem| Error::File { action: "write", path: path.clone(), problem })
    }
}

impl Sink for TensorBoard {
    fn begin(&mut self, history: &History) -> Result<()> {
        self.create()?;
        let from = history.rows().last().map_or(0, |row| row.step as i64 + 1);
        self.last = history.rows().last().map(|row| place(row.step));
        // The version of the format, and then: what earlier files have of this step and of later ones is no more.
        let mut records = record(&event(0, &bytes(3, b"brain.Event:2")));
        records.extend(record(&event(from, &bytes(7, &whole(1, 1)))));
        self.write(&records)
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        let (unit, here) = (self.unit, place(row.step));
        let scalar = |(name, value): &(&str, f64)| {
            let amount = if *name == "nll" { "in all" } else { "per observation" };
            (format!("{unit} {amount}/{name}"), value / unit.nats())
        };
        let of = row.named();
        let mut records = record(&event(row.step as i64, &summary(of.iter().map(scalar))));
        if self.last.is_none_or(|last| here > last) {
            self.last = Some(here);
            let against = |named| {
                let (tag, value) = scalar(named);
                (format!("against 1000 log10(1 + step)/{tag}"), value)
            };
            records.extend(record(&event(here, &summary(of.iter().map(against)))));
        }
        self.write(&records)
    }
}

/// Where a step stands on a logarithmic axis whose places are whole numbers.
fn place(step: usize) -> i64 {
    (1000.0 * (1.0 + step as f64).log10()).round() as i64
}

fn since_epoch() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// `Event { wall_time: 1, step: 2, … }`
fn event(step: i64, what: &[u8]) -> Vec<u8> {
    let mut event = vec![(1 << 3) | 1];
    event.extend(since_epoch().to_le_bytes());
    event.extend(whole(2, step as u64));
    event.extend(what);
    event
}

/// Field 5 of an event, `Summary { value: 1 { tag: 1, simple_value: 2 } … }`
fn summary(scalars: impl Iterator<Item = (String, f64)>) -> Vec<u8> {
    let values = scalars.flat_map(|(tag, value)| {
        let mut of = bytes(1, tag.as_bytes());
        of.push((2 << 3) | 5);
        of.extend((value as f32).to_le_bytes());
        bytes(1, &of)
    });
    bytes(5, &values.collect::<Vec<u8>>())
}

/// A field of bytes.
fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    [&[(field << 3) | 2], varint(content.len() as u64).as_slice(), content].concat()
}

/// A field of a whole number.
fn whole(field: u8, number: u64) -> Vec<u8> {
    [vec![field << 3], varint(number)].concat()
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    let of = |bytes: &[u8]| masked(CRC.checksum(bytes)).to_le_bytes();
    [&length, of(&length).as_slice(), content, &of(content)].concat()
}

/// A checksum that is itself stored among the bytes of which checksums are taken.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::{CRC, record, varint};

    #[test]
    fn checksums_and_numbers_are_those_of_the_formats() {
        // RFC 3720, appendix B.4: 32 bytes of zeros, and of ones.
        assert_eq!([CRC.checksum(&[0; 32]), CRC.checksum(&[0xff; 32])], [0x8a91_36aa, 0x62a8_ab43]);
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(record(b"abc").len(), 8 + 4 + 3 + 4);
    }
}
