//! Files that are written whole or not at all.

use std::io;
use std::path::Path;

/// Lets `write` fill a file beside `path`, then gives it its name; on an error nothing is left. Folders are made.
pub fn write_whole(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // In the same folder, so that the last step is a mere renaming; with the same ending, which picks a picture's format.
    let mut name = std::ffi::OsString::from(".partial-");
    name.push(path.file_name().unwrap_or_default());
    let partial = path.with_file_name(name);
    // On the disk before it has its name, lest a loss of power leave the name without the content.
    let kept = || std::fs::OpenOptions::new().write(true).open(&partial)?.sync_all();
    write(&partial).and_then(|()| kept()).and_then(|()| std::fs::rename(&partial, path)).inspect_err(|_| {
        // It may never have been made; the first error is the one to tell.
        let _ = std::fs::remove_file(&partial);
    })
}
