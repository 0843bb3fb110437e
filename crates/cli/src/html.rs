//! A fit as one file to look at in a browser and to play with: the page, with the table and what was asked of it inside.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use candle_mle::Table;
use candle_mle::info::file::write_whole;
use serde_json::json;

use crate::flags::{Fit, Fits};
use crate::run::Run;
use crate::said::tell;

/// Where the page looks for a run.
const RUN: &str = r#"<script type="application/json" id="run">"#;

/// What is written once the fit has gone through.
pub(crate) struct Html {
    text: String,
}

impl Html {
    /// The page that was named, with the table as it was read from, if one was.
    ///
    /// # Errors
    /// A file that is not the page; a fit that the page does not make.
    pub fn of(run: &Run<Fit>, table: &Table) -> Result<Option<Self>> {
        let flags = &run.flags.data;
        let (Some(page), Some(csv)) = (&flags.html, flags.table.csv()) else { return Ok(None) };
        let column = |name: &String| name == "none" || table.columns().iter().any(|(column, _)| column == name);
        flags.heeded_by(Fits::Page)?;
        if let Some(term) = flags.columns.names().iter().find(|name| !column(name)) {
            bail!("'{term}' is a term, and --html holds a fit of columns: leave it out, or --html");
        }
        let html = std::fs::read_to_string(page).with_context(|| format!("--html {}", page.display()))?;
        let Some(end) = html.rfind("</body>").filter(|_| html.contains(r#"id="wasm""#) && !html.contains(RUN)) else {
            bail!(
                "--html {}: this is not the page; take page.html from the top of candle-mle's repository",
                page.display()
            );
        };
        let bytes = std::fs::read(csv).with_context(|| csv.display().to_string())?;
        let reading = flags.table.reading();
        let bases: Vec<[&str; 2]> = flags.base.iter().map(|base| <[&str; 2]>::from(base.of(table))).collect();
        let told = json!({
            "name": csv.file_name().map(|name| name.to_string_lossy()),
            // Text as text: what is not UTF-8, byte by byte.
            "csv": match std::str::from_utf8(&bytes) {
                Ok(text) => json!(text),
                Err(_) => json!(bytes),
            },
            "count": reading.count,
            "separator": reading.separator.map(String::from),
            "headless": reading.headless,
            "missing": flags.table.missing(),
            "marks": reading.marks,
            "categorical": reading.categorical,
            "target": flags.target.name(),
            "columns": flags.columns.names(),
            "exclude": flags.table.excluded(),
            "bases": bases,
            "resolution": flags.resolution,
            "unit": run.unit().to_string(),
        });
        // An end of a script in a cell is not one in the page.
        let told = told.to_string().replace("</", "<\\/");
        let (before, after) = html.split_at(end);
        Ok(Some(Self { text: format!("{before}{RUN}{told}</script>\n{after}") }))
    }

    /// Writes fit.html beside the other files, whole or not at all.
    pub fn write(&self, run: &Run<Fit>) -> Result<()> {
        let path: PathBuf = run.out("fit.html");
        write_whole(&path, |file| file.write_all(self.text.as_bytes())).with_context(|| path.display().to_string())?;
        tell("page", path.display().to_string());
        println!("{} shows this fit in a browser, the table and the program inside", path.display());
        Ok(())
    }
}
