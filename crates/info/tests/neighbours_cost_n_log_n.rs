//! Thirty-two times the points cost an estimate by neighbours far less than the 1024 times of all pairs.

use std::time::{Duration, Instant};

use candle_mle_info::estimate::{
    frenzel_pompe, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, mixed_ksg, ross, transfer_entropy,
};
use candle_mle_info::{Information, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

const FEW: usize = 1000;
const MANY: usize = 32 * FEW;
/// n log n makes it 48, and a cache that no longer holds everything some more.
const MOST: f64 = 200.0;

/// What this thread has worked, where the system tells, and else what the clock says: others may use the machine.
fn worked(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// The fastest of three times so many runs, for the system tells to a few milliseconds.
fn fastest(runs: usize, run: &dyn Fn() -> Result<Information>) -> Result<Duration> {
    let (mut least, since) = (Duration::MAX, Instant::now());
    for _ in 0..3 {
        let start = worked(since);
        (0..runs).try_for_each(|_| run().map(drop))?;
        least = least.min(worked(since) - start);
    }
    Ok(least)
}

fn cheap(name: &str, estimate: impl Fn(&[f64], &[f64]) -> Result<Information>) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = || -> Vec<f64> { (0..MANY).map(|_| rng.sample(StandardNormal)).collect() };
    // Sorted columns: the order that would make a tree without balance a list.
    let (mut x, mut y) = (draw(), draw());
    x.sort_by(f64::total_cmp);
    y.sort_by(f64::total_cmp);
    let few = fastest(100, &|| {
        let thinned = |x: &[f64]| x.iter().step_by(MANY / FEW).copied().collect::<Vec<_>>();
        estimate(&thinned(&x), &thinned(&y))
    })?;
    let many = fastest(3, &|| estimate(&x, &y))?;
    let [few, many] = [few / 100, many / 3];
    let ratio = many.as_secs_f64() / few.as_secs_f64();
    assert!(ratio < MOST, "{name}: {few:?} became {many:?}, {ratio:.0} times as much");
    Ok(())
}

#[test]
fn all_of_them() -> Result<()> {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    assert!(alone.is_ok(), "no other test of this binary has started threads");
    cheap("ksg1", |x, y| ksg1(x, y, 3))?;
    cheap("ksg2", |x, y| ksg2(x, y, 3))?;
    cheap("kozachenko_leonenko", |x, _| kozachenko_leonenko(x, 3))?;
    cheap("mixed_ksg", |x, y| mixed_ksg(x, &y.iter().map(|y| y.max(0.0)).collect::<Vec<_>>(), 3))?;
    cheap("frenzel_pompe", |x, y| frenzel_pompe(x, y, &x.iter().map(|x| (9.0 * x).sin()).collect::<Vec<_>>(), 3))?;
    cheap("transfer_entropy", |x, y| transfer_entropy(x, y, 1, 3))?;
    cheap("knn_kl_divergence", |x, y| knn_kl_divergence(x, y, 3))?;
    cheap("ross", |x, y| ross(&y.iter().map(|y| *y > 0.0).collect::<Vec<_>>(), x, 3))
}
