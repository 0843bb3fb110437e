//! A cluster of Ballista whose scheduler and executors know the aggregate of this crate.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_session_builder;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionConfig;

use crate::aggregate::sums_of;
use crate::engine::runtime;
use crate::error::{Error, Result};

/// An executor that is silent for so long is gone, and its tasks are given to others, in seconds.
const SILENCE: u64 = 10;

/// Serves as a scheduler until the process ends.
///
/// # Errors
/// An address that is taken.
pub fn scheduler(address: SocketAddr) -> Result<()> {
    let session = |config: SessionConfig| {
        let known = default_session_builder(config)?;
        let mut functions: Vec<_> = known.aggregate_functions().values().cloned().collect();
        functions.push(Arc::new(sums_of()));
        Ok(SessionStateBuilder::new_from_existing(known).with_aggregate_functions(functions).build())
    };
    let config = SchedulerConfig {
        external_host: address.ip().to_string(),
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        executor_timeout_seconds: SILENCE,
        expire_dead_executor_interval_seconds: 1,
        no_executors_grace_period_seconds: 6 * SILENCE,
        override_session_builder: Some(Arc::new(session)),
        override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
        ..SchedulerConfig::default()
    };
    let served = runtime()?.block_on(async {
        let cluster = BallistaCluster::new_from_config(&config).await?;
        start_server(cluster, address, Arc::new(config)).await
    });
    served.map_err(|problem| Error::Node { what: "scheduler", address, problem: problem.to_string() })
}

/// Serves as an executor of the scheduler at this address, with so many cores and so many bytes of memory for groups and sorts,
/// until the process ends or is asked to.
///
/// # Errors
/// No scheduler there; no free port.
pub fn executor(scheduler: SocketAddr, host: IpAddr, cores: usize, memory: u64) -> Result<()> {
    let node = |problem: String| Error::Node { what: "executor", address: scheduler, problem };
    let sums = sums_of();
    let mut known = BallistaFunctionRegistry::default();
    known.aggregate_functions =
        HashMap::from_iter(known.aggregate_functions.into_iter().chain([(sums.name().into(), Arc::new(sums))]));
    // Two ports that are free, and so taken at once.
    let free = || TcpListener::bind((host, 0)).and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
    let (one, other) = (free().map_err(|e| node(e.to_string()))?, free().map_err(|e| node(e.to_string()))?);
    let config = ExecutorProcessConfig {
        bind_host: host.to_string(),
        external_host: Some(host.to_string()),
        port: one.0,
        grpc_port: other.0,
        scheduler_host: scheduler.ip().to_string(),
        scheduler_port: scheduler.port(),
        scheduler_connect_timeout_seconds: 30,
        vcores: cores,
        memory_pool_size: Some(memory),
        executor_heartbeat_interval_seconds: 2,
        override_function_registry: Some(Arc::new(known)),
        ..ExecutorProcessConfig::default()
    };
    drop((one, other));
    let served = runtime()?.block_on(start_executor_process(Arc::new(config)));
    served.map_err(|problem| node(problem.to_string()))
}
