//! Estimates by neighbours are the same to the last bit on one thread and on many, and so is the row that an error names.

use candle_mle_info::estimate::{
    frenzel_pompe, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, mixed_ksg, ross, transfer_entropy,
};
use candle_mle_info::{Error, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

#[test]
fn of_twenty_thousand_points() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut normals = || -> Vec<f64> { (0..20_000).map(|_| rng.sample(StandardNormal)).collect() };
    let [x, y, z] = [0; 3].map(|_| normals());
    let plane: Vec<[f64; 2]> = y.iter().zip(&z).map(|(y, z)| [*y, y + z]).collect();
    let labels: Vec<bool> = y.iter().map(|y| *y > 0.3).collect();
    let coarse: Vec<f64> = z.iter().map(|z| z.round()).collect();
    let mut twice = x.clone();
    twice[19_000] = twice[3];
    twice[12_000] = twice[7_000];
    let all = || -> Result<Vec<u64>> {
        let found = [
            ksg1(&x, &plane, 3)?,
            ksg2(&x, &plane, 3)?,
            ksg1(&x, &y, 3)?,
            mixed_ksg(&plane, &coarse, 3)?,
            frenzel_pompe(&x, &y, &z, 3)?,
            transfer_entropy(&x, &y, 2, 3)?,
            kozachenko_leonenko(&plane, 3)?,
            ross(&labels, &plane, 3)?,
            knn_kl_divergence(&x, &y, 3)?,
        ];
        let row = match kozachenko_leonenko(&twice, 1) {
            Err(Error::Coincident { row }) => row as u64,
            other => panic!("{other:?}"),
        };
        assert_eq!(row, 3, "the first of all");
        Ok(found.map(|found| found.nats().to_bits()).to_vec())
    };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a few threads");
        pool.install(all)
    };
    let alone = on(1)?;
    for threads in [2, 3, 7] {
        assert_eq!(on(threads)?, alone, "{threads} threads");
    }
    Ok(())
}
