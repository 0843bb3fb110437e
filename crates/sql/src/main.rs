//! A node of a cluster: `candle-mle-node scheduler 127.0.0.1:50050`, and on every machine that computes
//! `candle-mle-node executor 127.0.0.1:50050 [cores] [host]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use candle_mle_sql::cluster::{executor, scheduler};

const USAGE: &str = "\
candle-mle-node scheduler ADDRESS                 serves queries, such as at 127.0.0.1:50050
candle-mle-node executor ADDRESS [CORES] [HOST]   computes for the scheduler at ADDRESS, reached at HOST [default: 127.0.0.1]";

/// What an executor may take for groups and sorts, in bytes.
const MEMORY: u64 = 1 << 30;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = match words[..] {
        ["scheduler", address] => address.parse().map_err(|_| address).map(scheduler),
        ["executor", address, ref more @ ..] if more.len() <= 2 => {
            let cores = more.first().map_or(Ok(1), |cores| cores.parse().map_err(|_| *cores));
            let host = more.get(1).map_or(Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)), |host| host.parse().map_err(|_| *host));
            let scheduler = address.parse::<SocketAddr>().map_err(|_| address);
            scheduler.and_then(|scheduler| Ok(executor(scheduler, host?, cores?, MEMORY)))
        }
        _ => Err(""),
    };
    match said {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
        Err(word) => {
            eprintln!("{}{USAGE}", if word.is_empty() { String::new() } else { format!("what is '{word}'?\n") });
            ExitCode::from(2)
        }
    }
}
