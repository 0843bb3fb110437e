//! Runs an example the way a person does, in an empty folder, and looks at what it leaves there.
#![allow(dead_code, reason = "every test takes the part it needs")]

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// An empty folder to run examples in. Paths of tables and of `--out` are relative to it.
pub struct Place(tempfile::TempDir);

/// What a run said and left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// The files that were not there before, hidden ones too, and what they hold.
    pub left: BTreeMap<String, Vec<u8>>,
}

impl Place {
    pub fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    /// A folder with a made-up `table.csv`.
    pub fn with(table: impl AsRef<[u8]>) -> Result<Self> {
        let place = Self::new()?;
        std::fs::write(place.path().join("table.csv"), table)?;
        Ok(place)
    }

    /// A folder with one of the tables that come with the examples, such as `titanic.csv`.
    pub fn with_data(name: &str) -> Result<Self> {
        let place = Self::new()?;
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name);
        std::fs::copy(data, place.path().join(name))?;
        Ok(place)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `line`: the name of an example, and its flags.
    pub fn run(&self, line: &str) -> Result<Ran> {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>(), &[])
    }

    /// The same for words with spaces, and with variables of the environment.
    pub fn run_words(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<Ran> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let before = self.files()?;
        let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let mut child = Command::new(example(words[0])?)
            .args(&words[1..])
            .current_dir(self.path())
            .env_remove("RUST_BACKTRACE")
            .env_remove("RUST_LIB_BACKTRACE")
            .env_remove("CANDLE_MLE_DEVICE")
            .envs(variables.iter().copied())
            .stdout(out.try_clone()?)
            .stderr(err.try_clone()?)
            .spawn()?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if start.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                bail!("{words:?} still runs after {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut left = self.files()?;
        left.retain(|name, _| !before.contains_key(name));
        let code = status.code().with_context(|| format!("{words:?} was killed"))?;
        Ok(Ran { code, out: text(&mut out)?, err: text(&mut err)?, left })
    }

    fn files(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let (mut folders, mut files) = (vec![self.path().to_path_buf()], BTreeMap::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path())?.to_string_lossy().replace('\\', "/");
                    files.insert(name, std::fs::read(path)?);
                }
            }
        }
        Ok(files)
    }
}

impl Ran {
    pub fn names(&self) -> Vec<&str> {
        self.left.keys().map(String::as_str).collect()
    }

    /// That the run went well and said all of this.
    #[track_caller]
    pub fn said(&self, all: &[&str]) {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        for part in all {
            assert!(self.out.contains(part), "'{part}' is not in\n{}", self.out);
        }
    }

    /// `log.csv` of the one folder that was written: its header, and its rows as numbers.
    pub fn log(&self) -> Result<(String, Vec<Vec<f64>>)> {
        self.rows(self.left.keys().find(|name| name.ends_with("/log.csv")).context("no log.csv")?)
    }

    /// The same of the log of this name.
    pub fn rows(&self, log: &str) -> Result<(String, Vec<Vec<f64>>)> {
        let text = String::from_utf8(self.left.get(log).with_context(|| format!("no {log}"))?.clone())?;
        let mut lines = text.lines();
        let header = lines.next().context("an empty log.csv")?.to_string();
        let rows = lines.map(|line| line.split(',').map(|cell| Ok(cell.parse()?)).collect()).collect::<Result<_>>()?;
        Ok((header, rows))
    }

    /// The number that stands right after `name` in the last line that begins with it.
    pub fn number(&self, name: &str) -> Result<f64> {
        let after = |line: &'_ str| {
            line.trim_start().strip_prefix(name)?.strip_prefix(' ')?.split_whitespace().next().map(String::from)
        };
        let word = self.out.lines().rev().find_map(after);
        word.with_context(|| format!("no number follows '{name}' in\n{}", self.out))?.parse().map_err(Into::into)
    }
}

/// Where `cargo test` has put an example: in a folder beside the one of this test.
pub fn example(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(Path::parent).context("a test lies in target/<profile>/deps")?;
    let path = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !path.exists() {
        bail!("{} is missing: run cargo build --examples", path.display());
    }
    Ok(path)
}

fn text(file: &mut std::fs::File) -> Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}
