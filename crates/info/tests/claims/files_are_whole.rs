//! A file is written whole or not at all, however many write it at a time, and whatever was left beside it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use candle_mle_info::file::write_whole;

/// A file of one letter, of a length that tells the letter.
fn content(letter: u8) -> Vec<u8> {
    vec![letter; 10_000 * usize::from(letter - b'a' + 1)]
}

fn is_whole(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|letter| bytes == content(*letter))
}

#[test]
fn of_many_writers_at_a_time() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("new").join("log.csv");
    // In small pieces, so that two that wrote to one place would be seen to.
    let write =
        |letter: u8| write_whole(&path, |file| content(letter).chunks(997).try_for_each(|part| file.write_all(part)));
    write(b'a')?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> =
            (b'a'..=b'f').map(|letter| scope.spawn(move || (0..20).try_for_each(|_| write(letter)))).collect();
        let reader = scope.spawn(|| {
            while !over.load(Relaxed) {
                assert!(is_whole(&std::fs::read(&path)?), "a file that is half of one writer and half of another");
            }
            io::Result::Ok(())
        });
        let written = writers.into_iter().try_for_each(|writer| writer.join().expect("no panic"));
        over.store(true, Relaxed);
        written.and(reader.join().expect("no panic"))
    })?;
    let left: Vec<_> = std::fs::read_dir(folder.path().join("new"))?.collect::<io::Result<_>>()?;
    assert_eq!(left.len(), 1, "{left:?}");
    Ok(())
}

#[test]
fn after_an_error_the_old_one_is_there() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    write_whole(&path, |file| file.write_all(&content(b'c')))?;
    let failed = write_whole(&path, |file| {
        file.write_all(&content(b'b'))?;
        Err(io::Error::other("the disk is full"))
    });
    assert_eq!(failed.unwrap_err().to_string(), "the disk is full");
    assert_eq!(std::fs::read(&path)?, content(b'c'));
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

/// What a run that was killed has left is longer than what comes.
#[test]
fn what_was_left_half_written_is_written_over() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    std::fs::write(folder.path().join(".partial-log.csv"), content(b'f'))?;
    write_whole(&path, |file| file.write_all(&content(b'a')))?;
    assert_eq!(std::fs::read(&path)?, content(b'a'));
    Ok(())
}
