//! Tables that an engine reads are those of a file: the same words, the same parameters.

#[cfg(not(feature = "sql"))]
#[test]
fn a_build_without_an_engine_says_how_to_get_it() -> anyhow::Result<()> {
    let place = crate::with_titanic()?;
    let asked =
        ["fit --from titanic.csv --target survived", "measure --sql X", "count --from titanic.csv", "merge a.parquet"];
    for line in asked {
        let output = crate::done(place.path(), line)?;
        let said = crate::said(&output);
        assert!(output.status.code() == Some(1) && said.contains("--features sql"), "{said}");
    }
    Ok(())
}

#[cfg(feature = "sql")]
mod with_one {
    use std::path::Path;

    use anyhow::Result;

    use crate::{command, done, files, said, with_titanic};

    fn ran(folder: &Path, line: &str, query: Option<&str>) -> Result<String> {
        let mut command = command(folder, line);
        command.args(query.iter().flat_map(|query| ["--sql", query]));
        let output = command.output()?;
        let said = said(&output);
        anyhow::ensure!(output.status.success(), "{line}: {said}");
        Ok(said)
    }

    /// What was fitted.
    fn parameters(folder: &Path) -> Result<Vec<u8>> {
        Ok(files(folder)?.remove("coefficients.csv").expect("coefficients were kept"))
    }

    #[test]
    fn a_fit_of_files_or_of_a_query_is_that_of_a_table() -> Result<()> {
        let place = with_titanic()?;
        let at = place.path();
        let text = std::fs::read_to_string(at.join("titanic.csv"))?;
        let lines: Vec<&str> = text.lines().collect();
        std::fs::create_dir(at.join("parts"))?;
        for (part, rows) in [&lines[1..9], &lines[9..]].into_iter().enumerate() {
            std::fs::write(at.join(format!("parts/{part}.csv")), format!("{}\n{}\n", lines[0], rows.join("\n")))?;
        }
        let fit = |source: &str, query: Option<&str>, to: &str| {
            ran(at, &format!("fit {source} --target survived --count count --no-pictures --out fits/{to}"), query)
        };
        let whole = fit("--csv titanic.csv", None, "whole")?;
        let parts = fit("--from parts/*.csv", None, "parts")?;
        let table = |said: &str| {
            said.lines().skip_while(|l| !l.contains("logits per unit")).take(9).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(table(&whole), table(&parts));
        fit("--from titanic.csv", Some("SELECT * FROM data WHERE count > 0;"), "query")?;
        fit("", Some("SELECT * FROM 'titanic.csv'"), "named")?;
        assert_eq!(parameters(&at.join("fits/parts"))?, parameters(&at.join("fits/query"))?);
        assert_eq!(parameters(&at.join("fits/parts"))?, parameters(&at.join("fits/named"))?);
        let measured = |source: &str| ran(at, &format!("measure {source} --target survived --count count"), None);
        // But for what is by lot: how rows are shuffled depends on the order in which they come.
        let told = |said: String| -> Vec<Vec<String>> {
            said.lines().map(|line| line.split_whitespace().take(5).map(String::from).collect()).collect()
        };
        assert_eq!(told(measured("--csv titanic.csv")?), told(measured("--from parts")?));
        Ok(())
    }

    #[test]
    fn files_of_counts_are_merged_and_fitted() -> Result<()> {
        let place = with_titanic()?;
        let at = place.path();
        let count = |query: &str, to: &str| {
            ran(at, &format!("count --from titanic.csv --count count --columns class,survived --to {to}"), Some(query))
        };
        count("SELECT * FROM data", "whole.parquet")?;
        count("SELECT * FROM data WHERE sex = 'male'", "men.parquet")?;
        let women = count("SELECT * FROM data WHERE sex <> 'male'", "women.parquet")?;
        assert!(women.contains("8 different rows") && women.contains("column count"), "{women}");
        ran(at, "merge women.parquet men.parquet --to all.parquet", None)?;
        assert!(std::fs::read(at.join("all.parquet"))? == std::fs::read(at.join("whole.parquet"))?);
        ran(at, "fit --from all.parquet --count count --target survived --no-pictures --out counted", None)?;
        ran(
            at,
            "fit --csv titanic.csv --columns class --count count --target survived --no-pictures --out whole",
            None,
        )?;
        let numbers = |folder: &str| -> Result<Vec<f64>> {
            let csv = String::from_utf8(parameters(&at.join(folder))?)?;
            Ok(csv.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok()).collect())
        };
        let (counted, whole) = (numbers("counted")?, numbers("whole")?);
        assert!(
            counted.len() == 4 && counted.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-9),
            "{counted:?} {whole:?}"
        );
        Ok(())
    }

    #[test]
    fn rows_that_do_not_repeat_are_summed_where_they_are() -> Result<()> {
        let place = tempfile::tempdir()?;
        let at = place.path();
        let rows = "SELECT sin(value) AS dose, value % 7 AS week, \
                    CASE WHEN sin(value * 1.7) * 2 < sin(value) + 0.1 THEN 'yes' ELSE 'no' END AS ill FROM generate_series(1, 4300000)";
        let said = ran(at, "fit --target ill --no-pictures --out fitted", Some(rows))?;
        assert!(
            said.contains("each step sums them up")
                && said.contains("n = 4300000 observations, which stay where they are, H(Y|X)"),
            "{said}"
        );
        assert!(said.contains("passes over the rows") && said.contains("week"), "{said}");
        std::fs::write(at.join("new.csv"), "dose,week,ill\n0.5,3,yes\n-0.5,3,no\n")?;
        ran(at, "predict fitted/parameters.safetensors --csv new.csv --out foretold", None)?;
        let density = ran(at, "fit --columns dose,week --no-pictures --out density", Some(rows))?;
        assert!(density.contains("stand for them"), "{density}");
        let output = command(at, "fit --target ill --family coin").args(["--sql", "SELECT"]).output()?;
        assert_eq!(output.status.code(), Some(1));
        Ok(())
    }

    #[test]
    fn what_makes_no_sense_is_refused() -> Result<()> {
        let place = with_titanic()?;
        for (line, words) in [
            ("fit --from nowhere/*.parquet --target survived", "no such file"),
            ("fit --from titanic.csv --cluster df://127.0.0.1:1 --target survived", "does not answer"),
            ("fit --from titanic.csv --csv titanic.csv --target survived", "cannot be used with"),
            ("fit --cluster df://127.0.0.1:1 --target survived", "required"),
            ("count --to x.parquet", "required"),
        ] {
            let output = done(place.path(), line)?;
            assert!(!output.status.success() && said(&output).contains(words), "{line}: {}", said(&output));
        }
        Ok(())
    }
}
