//! A cluster on loopback: the bits of one process, with one executor or two, also where one is killed in the middle.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use candle_mle::checkpoint::{Checkpoint, Checkpoints};
use candle_mle::mle::Plan;
use candle_mle::model::Logistic;
use candle_mle::{Hook, LossLog, Parameters, Step};
use candle_mle_sql::{Counts, Described, Engine, Error, Summed};
use candle_nn::{VarBuilder, VarMap};

use crate::a_likelihood_is_a_sum::{all, asked, bits, described, summed};
use crate::{Outcome, Sample, name};

/// A process that ends with the test.
struct Node(Child);

impl Node {
    fn new(words: &[&str]) -> Self {
        let node = Command::new(env!("CARGO_BIN_EXE_candle-mle-node")).args(words).stdout(Stdio::null()).spawn();
        Self(node.expect("the node starts"))
    }

    fn kill(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("it was alive");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Cluster {
    scheduler: Node,
    executors: Vec<Node>,
    url: String,
}

impl Cluster {
    fn new(executors: usize) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let address = free.to_string();
        let scheduler = Node::new(&["scheduler", &address]);
        let begun = Instant::now();
        while TcpStream::connect::<SocketAddr>(free).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "no scheduler");
            std::thread::sleep(Duration::from_millis(50));
        }
        let executors = (0..executors).map(|_| Node::new(&["executor", &address, "1"])).collect();
        Self { scheduler, executors, url: format!("df://{address}") }
    }

    fn described(&self, folder: &std::path::Path) -> candle_mle_sql::Result<Described> {
        let engine = Engine::cluster(&self.url, 4)?;
        engine.open(&[name(folder)], false)?;
        all(engine, asked)
    }
}

fn make(vb: VarBuilder) -> candle_mle::Result<Logistic> {
    Logistic::new(3, vb)
}

#[test]
fn one_executor_two_and_four_give_the_bits_of_one_process() -> Outcome {
    let folder = tempfile::tempdir()?;
    Sample::new(20_000, 2).write(folder.path())?;
    let here = bits(&summed(&described(folder.path(), 2)?, &Plan::default(), make)?)?;
    for executors in [1, 2, 4] {
        let cluster = Cluster::new(executors);
        let fitted = summed(&cluster.described(folder.path())?, &Plan::default(), make)?;
        assert_eq!(bits(&fitted)?, here, "{executors} executors");
    }
    Ok(())
}

#[test]
fn a_group_by_of_a_cluster_is_that_of_one_process() -> Outcome {
    let folder = tempfile::tempdir()?;
    Sample::new(3000, 3).write(folder.path())?;
    let sql = "SELECT round(years / 10) AS decades, kind FROM data";
    let counts = |engine: Engine| -> candle_mle_sql::Result<Counts> {
        engine.open(&[name(folder.path())], false)?;
        Counts::of(&engine, sql, &[], None)
    };
    let cluster = Cluster::new(2);
    let (here, there) = (counts(Engine::local()?)?, counts(Engine::cluster(&cluster.url, 3)?)?);
    assert_eq!(here.rows(), there.rows());
    Ok(())
}

/// Kills an executor where a step begins.
struct Killing<'a> {
    at: usize,
    executors: &'a Mutex<Vec<Node>>,
}

impl Hook<Summed<Logistic>> for Killing<'_> {
    fn on_step(&mut self, step: &Step<'_, Summed<Logistic>>) -> candle_mle::Result<ControlFlow<()>> {
        if step.index == self.at {
            let mut node = self.executors.lock().expect("no thread has failed").remove(0);
            // In the middle of the pass that comes now.
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(150));
                node.kill();
            });
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[test]
fn an_executor_that_is_killed_changes_no_bit() -> Outcome {
    let folder = tempfile::tempdir()?;
    Sample::new(400_000, 2).write(folder.path())?;
    let here = summed(&described(folder.path(), 2)?, &Plan::default(), make)?;
    let mut cluster = Cluster::new(2);
    let described = cluster.described(folder.path())?;
    let (p, map) = (described.empirical()?, described.rows.standardize()?);
    let vars = VarMap::new();
    let model = Summed(
        make(VarBuilder::from_varmap(&vars, candle_core::DType::F64, &candle_core::Device::Cpu))?.standardized(map)?,
    );
    let executors = Mutex::new(std::mem::take(&mut cluster.executors));
    let mut killing = Killing { at: 1, executors: &executors };
    let fitted = Plan::default().follow(model, vars, &p, &mut LossLog::new(), &mut killing)?;
    assert_eq!(executors.lock().expect("no thread has failed").len(), 1);
    assert_eq!(bits(&fitted)?, bits(&here)?);
    Ok(())
}

/// Kills the scheduler where a step begins.
struct Ending<'a> {
    at: usize,
    scheduler: &'a mut Node,
}

impl Hook<Summed<Logistic>> for Ending<'_> {
    fn on_step(&mut self, step: &Step<'_, Summed<Logistic>>) -> candle_mle::Result<ControlFlow<()>> {
        if step.index == self.at {
            self.scheduler.kill();
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[test]
fn a_fit_whose_scheduler_is_gone_goes_on_from_its_checkpoint_by_another_to_the_same_bytes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name);
    let data = file("data");
    std::fs::create_dir(&data)?;
    Sample::new(20_000, 2).write(&data)?;
    let plan = Plan::default();
    let here = summed(&described(&data, 2)?, &plan, make)?;
    here.model.save(file("here.safetensors"))?;

    let mut cluster = Cluster::new(1);
    let rows = cluster.described(&data)?;
    let (p, map) = (rows.empirical()?, rows.rows.standardize()?);
    let vars = VarMap::new();
    let start = VarBuilder::from_varmap(&vars, candle_core::DType::F64, &candle_core::Device::Cpu);
    let model = Summed(make(start)?.standardized(map)?);
    let mut log = Checkpoints::new(LossLog::new(), file("checkpoint.safetensors")).every(1);
    let mut ending = Ending { at: 2, scheduler: &mut cluster.scheduler };
    let gone = plan.follow(model, vars, &p, &mut log, &mut ending).err().ok_or("it has gone on alone")?.to_string();
    assert!(gone.contains("does not answer") && gone.contains("candle-mle resume"), "{gone}");

    let at = Checkpoint::<Summed<Logistic>>::load(file("checkpoint.safetensors"), &candle_core::Device::Cpu)?;
    assert_eq!(at.step, 2);
    let cluster = Cluster::new(2);
    let p = cluster.described(&data)?.empirical()?;
    let mut log = LossLog::new().continuing(at.history.clone());
    let resumed = plan.resume(&at, &p, &mut log, &mut ())?;
    assert_eq!(bits(&resumed)?, bits(&here)?);
    resumed.model.save(file("resumed.safetensors"))?;
    assert_eq!(std::fs::read(file("resumed.safetensors"))?, std::fs::read(file("here.safetensors"))?);
    Ok(())
}

#[test]
fn a_scheduler_that_is_gone_is_told() -> Outcome {
    let folder = tempfile::tempdir()?;
    Sample::new(2000, 2).write(folder.path())?;
    let mut cluster = Cluster::new(1);
    let described = cluster.described(folder.path())?;
    described.rows.standardize()?;
    cluster.scheduler.kill();
    let gone = described.rows.standardize().expect_err("nobody is there");
    assert!(matches!(&gone, Error::NoScheduler { url, .. } if *url == cluster.url), "{gone}");
    let never = Engine::cluster(&cluster.url, 2).expect_err("nobody is there");
    assert!(never.to_string().contains("does not answer") && never.to_string().contains("resume"), "{never}");
    let wrong = Engine::cluster("localhost", 2).expect_err("no address").to_string();
    assert!(wrong.contains("df://host:port"), "{wrong}");
    Ok(())
}
