//! Models are compared on the same rows: as statsmodels has AIC and the likelihood ratio, and only where they were fitted to them.

use anyhow::{Result, ensure};

use crate::{done, said, with_titanic};

#[test]
fn nested_models_on_their_own_rows_and_on_others() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    for (columns, out) in [("sex", "small"), ("sex,class", "large"), ("age", "other")] {
        let line = format!("fit --csv titanic.csv --target survived --count count --columns {columns} --out {out}");
        ensure!(done(folder, &line)?.status.success(), "{columns}");
    }
    let [small, large, other] = ["small", "large", "other"].map(|out| format!("{out}/parameters.safetensors"));
    let compared = done(folder, &format!("compare {small} {large} {other} --csv titanic.csv --count count"))?;
    let words = said(&compared);
    ensure!(compared.status.success() && words.contains("survived: n = 2201 observations"), "{words}");
    // 2 NLL of 2334.988 and 2228.913, by statsmodels.
    ensure!(words.matches(" within ").count() == 1, "{words}");
    let of = |start: &str| words.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_string();
    let number = |line: &str, at: usize| line.split_whitespace().nth(at).and_then(|word| word.parse::<f64>().ok());
    let (aic_small, aic_large) = (number(&of("small/"), 6), number(&of("large/"), 6));
    let test = of("small/parameters.safetensors within large/");
    let statistic = test.split(" = ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
    let (Some(small_aic), Some(large_aic), Some(statistic)) = (aic_small, aic_large, statistic) else {
        anyhow::bail!("{words}")
    };
    // AIC = 2 NLL + 2 parameters, so that the ratio is their difference and twice three parameters.
    ensure!((small_aic - large_aic + 6.0 - statistic).abs() < 2e-3, "{words}");
    ensure!(test.contains("3 degrees of freedom") && (statistic - 106.075).abs() < 1e-3, "{words}");

    // On other rows their likelihoods are not those of maxima.
    let held = done(folder, &format!("compare {small} {large} --csv titanic.csv --count count --where class=1st,2nd"))?;
    let words = said(&held);
    ensure!(held.status.success() && words.contains("not all of them are at the maximum"), "{words}");
    ensure!(!words.contains("AIC (nats)") && !words.contains("within large"), "{words}");

    let one = done(folder, &format!("compare {small} --csv titanic.csv"))?;
    ensure!(one.status.code() == Some(2), "{}", said(&one));
    let sex = done(folder, "fit --csv titanic.csv --target sex --count count --out sex")?;
    ensure!(sex.status.success(), "{}", said(&sex));
    let refused = done(folder, &format!("compare {small} sex/parameters.safetensors --csv titanic.csv --count count"))?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("predicts survived"), "{}", said(&refused));
    Ok(())
}
