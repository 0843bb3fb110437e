//! Whatever bytes a reader is given it gives a value or an error that says something: no panic, and no time without end. What is read
//! is then used. The same mutations every time; `CANDLE_MLE_FUZZ=100000` tries so many of each reader.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use candle_core::{Device, Tensor};
use candle_mle::checkpoint::{Checkpoint, Checkpoints};
use candle_mle::info::law;
use candle_mle::mle::{By, Plan};
use candle_mle::model::{
    Bernoulli, Categorical, Gaussian, LinearGaussian, Logistic, Mixture, NGram, Network, Softmax, Univariate,
};
use candle_mle::parameters::about;
use candle_mle::table::{Missing, Names, Reading};
use candle_mle::tree::{Stop, Tree};
use candle_mle::{Empirical, History, Labelled, LossLog, Model, Parameters, Table, Unit, alphabet};
use candle_nn::VarBuilder;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::common::{self, CPU};

/// Of one input; a machine that is busy has its share of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Mutations of a reader, and of one that is slow.
const TRIES: usize = 3000;
const FEW: usize = 300;

fn tries(of: usize) -> usize {
    std::env::var("CANDLE_MLE_FUZZ").ok().and_then(|tries| tries.parse().ok()).map_or(of, |all: usize| all * of / TRIES)
}

/// What breaks readers: ends and beginnings, numbers at the rim, marks, bytes that are no text.
const PIECES: [&[u8]; 38] = [
    b"\"",
    b"\"\"",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xc3\xa9",
    b"\xff",
    b",",
    b";",
    b"\t",
    b"|",
    b" ",
    b"NA",
    b"-",
    b"-0",
    b"0",
    b"1e308",
    b"-1e309",
    b"1e-320",
    b"NaN",
    b"inf",
    b"99999999999999999999",
    b"0x10",
    b"1,234.5",
    b"1.234,5",
    b"2023-01-31",
    b"$5",
    b"007",
    b"{",
    b"}",
    b"[]",
    b"null",
    b"18446744073709551615",
    b"-1",
];

fn mutated(corpus: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let any = |rng: &mut ChaCha8Rng| corpus[rng.random_range(0..corpus.len())].clone();
    let mut bytes = any(rng);
    for _ in 0..rng.random_range(1..=6) {
        let at = rng.random_range(0..=bytes.len());
        let to = rng.random_range(at..=bytes.len().min(at + 40));
        match rng.random_range(0..8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let part = bytes[at..to].to_vec();
                bytes.splice(at..at, part);
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            4 if at < bytes.len() => bytes[at] = rng.random(),
            5 => {
                let other = any(rng);
                let from = rng.random_range(0..=other.len());
                bytes.splice(at..to, other[from..other.len().min(from + 60)].iter().copied());
            }
            6 => {
                // A number in place of a number.
                let digits = bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at);
                let digits: Vec<usize> = digits.collect();
                if !digits.is_empty() {
                    let at = digits[rng.random_range(0..digits.len())];
                    let to = at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    bytes.splice(at..to, PIECES[rng.random_range(17..26)].iter().copied());
                }
            }
            _ => drop(bytes.splice(at..at, PIECES[rng.random_range(0..PIECES.len())].iter().copied())),
        }
    }
    bytes
}

/// A safetensors file whose head tells of something else, and is as long as it says.
fn with_another_head(file: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().expect("eight")) as usize;
    let (head, data) = file[8..].split_at(length);
    let mut head = head.to_vec();
    let words: [(&[u8], &[u8]); 12] = [
        (b"F64", b"F32"),
        (b"F64", b"I64"),
        (b"F64", b"BF16"),
        (b"F64", b"BOOL"),
        (b"[2", b"[1,2"),
        (b"[2", b"[0"),
        (b"[1", b"[2"),
        (b"[]", b"[1]"),
        (b"weight", b"bias"),
        (b"mean", b"factor"),
        (b"map.", b"mop."),
        (b"learnt.", b"fixed."),
    ];
    for _ in 0..rng.random_range(1..=3) {
        let (old, new) = words[rng.random_range(0..words.len())];
        let places: Vec<usize> = (0..head.len()).filter(|at| head[*at..].starts_with(old)).collect();
        if !places.is_empty() {
            let at = places[rng.random_range(0..places.len())];
            head.splice(at..at + old.len(), new.iter().copied());
        } else {
            head = mutated(&[head], rng);
        }
    }
    [&(head.len() as u64).to_le_bytes()[..], &head, data].concat()
}

/// Gives `read` the corpus and mutations of it, and says what it did not come back from.
fn survives(
    what: &str,
    corpus: Vec<Vec<u8>>,
    tries: usize,
    read: impl Fn(&[u8]) -> std::result::Result<(), String> + Send + 'static,
) -> Result<()> {
    let (current, (done, outcome)) = (Arc::new(Mutex::new(vec![])), mpsc::channel());
    let given = current.clone();
    let worker = thread::spawn(move || {
        let mut rng = common::generator(1);
        let (mut taken, mut wrong) = (0, vec![]);
        for at in 0..corpus.len() + tries {
            let bytes = match corpus.get(at) {
                Some(bytes) => bytes.clone(),
                None if corpus[0].get(8) == Some(&b'{') && rng.random() => {
                    let one = rng.random_range(0..corpus.len());
                    with_another_head(&corpus[one], &mut rng)
                }
                None => mutated(&corpus, &mut rng),
            };
            given.lock().expect("no panic while it is held").clone_from(&bytes);
            match catch_unwind(AssertUnwindSafe(|| read(&bytes))) {
                Ok(Ok(())) => taken += 1,
                Ok(Err(said)) if said.len() > 10 && !said.contains("panicked") => {}
                Ok(Err(said)) => wrong.push(format!("'{said}' says nothing, of {}", bytes.escape_ascii())),
                Err(_) => wrong.push(format!("a panic, of {}", bytes.escape_ascii())),
            }
            let _ = done.send(None);
        }
        let _ = done.send(Some((taken, wrong)));
    });
    loop {
        match outcome.recv_timeout(PATIENCE) {
            Ok(None) => {}
            Ok(Some((taken, wrong))) => {
                worker.join().ok().context("the worker panicked")?;
                println!("{what}: {tries} mutations, of which {taken} were taken");
                ensure!(
                    wrong.is_empty(),
                    "{what}: {} of {tries}\n{}",
                    wrong.len(),
                    wrong[..wrong.len().min(5)].join("\n")
                );
                return Ok(());
            }
            Err(_) => bail!("{what}: no end, of {}", current.lock().expect("held by one").escape_ascii()),
        }
    }
}

fn corpus(folder: &str) -> Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    ensure!(!files.is_empty(), "no corpus");
    Ok(files.iter().map(std::fs::read).collect::<std::io::Result<_>>()?)
}

fn said<T, E: std::fmt::Display>(outcome: std::result::Result<T, E>) -> std::result::Result<T, String> {
    outcome.map_err(|e| e.to_string())
}

/// All that can be asked of a table; what is refused is refused in words.
fn used(table: &Table) -> std::result::Result<(), String> {
    let names: Vec<String> = table.columns().iter().map(|(name, _)| name.clone()).collect();
    let mut refused: Vec<String> = vec![];
    let mut keep = |outcome: candle_mle::Result<()>| refused.extend(outcome.err().map(|e| e.to_string()));
    for (name, column) in table.columns() {
        assert_eq!(column.len(), table.rows());
        let _ = (column.text(0), column.distinct());
        keep(table.numbers(name).map(|numbers| assert_eq!(numbers.len(), table.rows())));
        keep(table.design(name).build().map(|design| assert!(design.p.distinct() <= table.rows())));
        keep(table.design(name).outcomes().map(drop));
        keep(table.values(name).map(drop));
        keep(Tree::grow(table, name, &[], Stop { depth: 3, ..Stop::default() }).map(drop));
    }
    keep(table.points::<&str>(&[]).map(drop));
    keep(table.pmf(&names[..names.len().min(2)]).map(|pmf| assert!(pmf.entropy().nats() >= 0.0)));
    keep(table.predicting(&names[0], &[]).map(drop));
    match refused.into_iter().find(|said| said.len() <= 10) {
        Some(said) => Err(said),
        None => Ok(()),
    }
}

#[test]
fn of_a_table() -> Result<()> {
    survives("tables", corpus("tables")?, tries(TRIES), |bytes| {
        let table = said(Table::from_reader(bytes, None));
        let marks =
            Reading { missing: Missing::Level, marks: vec!["0".into()], count: Some("n".into()), ..Reading::default() };
        for reading in [
            Reading { missing: Missing::Drop, categorical: vec!["x".into()], ..Reading::default() },
            Reading { headless: true, separator: Some(';'), ..Reading::default() },
            marks,
        ] {
            if let Ok(table) = reading.reader(bytes) {
                used(&table)?;
            }
        }
        used(&table?)
    })
}

#[test]
fn of_a_text() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("text");
    survives("texts", corpus("tables")?, tries(TRIES), move |bytes| {
        said(std::fs::write(&path, bytes))?;
        let text = said(alphabet::read(&path))?;
        let of = said(alphabet::Alphabet::of(&text))?;
        assert_eq!(of.decode(&said(of.encode(&text))?), text);
        said(of.windows(&text, 3)).map(drop)
    })
}

#[test]
fn of_a_log_of_steps() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.csv");
    let mut logs = corpus("logs")?;
    let p = Empirical::from_sample(common::flips(50, 1)?)?;
    let plan = Plan { by: By::GradientDescent { step_size: 0.5 }, steps: 6, ..Plan::default() };
    let history = plan.fit(&p, Bernoulli::new)?.history;
    logs.extend([Unit::Bits, Unit::Nats, Unit::Hartleys].map(|unit| history.to_csv(unit).into_bytes()));
    survives("logs", logs, tries(TRIES), move |bytes| {
        said(std::fs::write(&path, bytes))?;
        let history = said(History::read_csv(&path))?;
        let _ = (history.residual(), history.argmin(1e-9), history.table(Unit::Bits, 8), history.to_csv(Unit::Nats));
        Ok(())
    })
}

/// Files of a family, as it stands and as a seed scatters it, read as that family; then it is asked what it knows.
fn of_family<M: Model + Parameters>(batch: &M::Batch, make: impl Fn(VarBuilder) -> candle_mle::Result<M>) -> Result<()>
where
    M::Batch: Clone + Send + 'static,
{
    let mut files = vec![];
    for seed in 0..2 {
        let (vars, model) = common::learner(&make)?;
        if seed > 0 {
            common::scatter(&vars, seed)?;
        }
        let names = Names { columns: vec!["a".into(), "b, c".into()], ..Names::default() };
        files.push(model.to_bytes(&names.texts())?);
    }
    let folder = tempfile::tempdir()?;
    let (path, batch) = (folder.path().join("model.safetensors"), batch.clone());
    survives(M::FAMILY, files, tries(FEW), move |bytes| {
        let _alive = &folder;
        said(std::fs::write(&path, bytes))?;
        let _ = about(&path).map(|texts| Names::from_texts(&texts));
        let model = said(M::load(&path, &Device::Cpu))?;
        said(model.learner())?;
        said(model.to_bytes(&Default::default()))?;
        said(model.log_prob(&batch)).map(drop)
    })
}

fn labelled() -> Result<Labelled> {
    common::kinds(20, 1)
}

#[test]
fn of_a_model() -> Result<()> {
    let (points, flips, labelled) = (common::points_3d(10, 1)?, common::flips(10, 1)?, labelled()?);
    of_family(&flips, Bernoulli::new)?;
    of_family(points.batch(), |vb| Gaussian::new(3, vb))?;
    of_family(points.batch(), |vb| Mixture::new(2, &[0.1, 0.1, 0.1], vb))?;
    of_family(&labelled, |vb| {
        Softmax::new(2, 3, vb)?.standardized(candle_mle::standardize::Standardize::range(labelled.x())?)
    })?;
    of_family(&common::answers(10, 1)?, |vb| Logistic::new(2, vb))?;
    of_family(&labelled, |vb| Network::new(2, &[4], 3, vb))?;
    of_family(&flips.to_dtype(candle_core::DType::U32)?, |vb| Categorical::new(2, vb))?;
    let numbers = Tensor::new(&[[1.0], [2.0], [5.0]], &CPU)?;
    of_family(&numbers, Univariate::<law::Gamma>::new)?;
    of_family(&numbers, Univariate::<law::NegativeBinomial>::new)?;
    let response = candle_mle::batch::Response::new(numbers.clone(), Tensor::new(&[1.0, 2.5, 4.0], &CPU)?)?;
    of_family(&response, |vb| LinearGaussian::new(1, vb))?;
    let text = "to be or not to be that is the question";
    let alphabet = alphabet::Alphabet::of(text)?;
    let windows = alphabet.windows(text, 2)?;
    let x = windows.x().clone();
    of_family(&windows, |vb| NGram::new(&x, alphabet.len(), vb))
}

#[test]
fn of_a_checkpoint() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("checkpoint.safetensors");
    let p = Empirical::from_sample(common::answers(50, 1)?)?;
    let mut files = vec![];
    for by in [By::Lbfgs, By::Newton, By::GradientDescent { step_size: 0.3 }] {
        let (vars, model) = common::learner(|vb| Logistic::new(2, vb))?;
        let plan = Plan { by, steps: 5, until_converged: false, ..Plan::default() };
        let mut log = Checkpoints::new(LossLog::new(), &path).every(2);
        plan.follow(model, vars, &p, &mut log, &mut ())?;
        files.push(std::fs::read(&path)?);
    }
    survives("checkpoints", files, tries(FEW), move |bytes| {
        let _alive = &folder;
        said(std::fs::write(&path, bytes))?;
        let at = said(Checkpoint::<Logistic>::load(&path, &Device::Cpu))?;
        for by in [By::Lbfgs, By::GradientDescent { step_size: 0.3 }] {
            let plan = Plan { by, steps: at.step.saturating_add(2), until_converged: false, ..Plan::default() };
            let mut log = LossLog::new().continuing(at.history.clone());
            let _ = plan.resume(&at, &p, &mut log, &mut ()).map_err(|e| e.to_string());
        }
        Ok(())
    })
}
