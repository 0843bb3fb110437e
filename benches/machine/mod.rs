//! What this process has taken of the machine, where the system tells: Linux does.
#![allow(dead_code, reason = "every bench takes the part it needs")]

/// Seconds that the processors have spent on all threads that live; NaN where that is not told.
pub fn processors() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let of = |task: std::io::Result<std::fs::DirEntry>| -> Option<u64> {
        let stat = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse().ok()
    };
    tasks.filter_map(of).sum::<u64>() as f64 * 1e-9
}

/// Bytes in memory; NaN where that is not told.
pub fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kib| 1024.0 * kib)
}
