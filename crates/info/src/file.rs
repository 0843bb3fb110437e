//! Files that are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use same_file::Handle;

/// Lets `write` fill a file beside `path`, then gives it its name; on an error nothing is left. Folders are made. Of several that
/// write one file at a time, in this process or another, one waits for the other, and the last is there to stay.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // In the same folder, so that the last step is a mere renaming.
    let mut name = std::ffi::OsString::from(".partial-");
    name.push(path.file_name().unwrap_or_default());
    let partial = path.with_file_name(name);
    let mut file = own(&partial)?;
    // What a run that was killed has left.
    let emptied = file.metadata().and_then(|of| if of.len() > 0 { file.set_len(0) } else { Ok(()) });
    let written = emptied.and_then(|()| write(&mut file));
    // On the disk before it has its name, lest a loss of power leave the name without the content.
    written.and_then(|()| file.sync_all()).and_then(|()| fs::rename(&partial, path)).inspect_err(|_| {
        // It may be gone; the first error is the one to tell.
        let _ = fs::remove_file(&partial);
    })
}

/// The file of this name, which nobody else writes to until it is closed.
fn own(partial: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(partial)?;
        // Some file systems, over a network, know no locks: there two writers at a time are as they were.
        if file.lock().is_err() {
            return Ok(file);
        }
        // Who waited holds what has another name by now, or none.
        let ours = Handle::from_file(file.try_clone()?)?;
        if Handle::from_path(partial).is_ok_and(|there| there == ours) {
            return Ok(file);
        }
    }
}
