//! Tables as people have them: in any order of rows, with missing cells, of any spreadsheet, with codes, dates and identifiers.

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use candle_mle::model::Logistic;
use candle_mle::table::{Column, Missing, Reading};
use candle_mle::tree::{Stop, Tree};
use candle_mle::{Design, Empirical, Parameters, Table, maximum_likelihood};

use crate::common::example::{Place, Ran};
use crate::common::host;

fn run(table: impl AsRef<[u8]>, line: &str) -> Result<Ran> {
    Place::with(table)?.run(line)
}

/// https://github.com/rust-ml/linfa/pull/432, https://github.com/sparklyr/sparklyr/issues/1591
#[test]
fn the_order_of_rows_changes_no_coefficient() -> Result<()> {
    let rows = ["1,no", "2,no", "3,yes", "4,no", "5,yes", "6,yes", "2,yes", "5,no"];
    let line = "logistic --csv table.csv --target y --out out";
    for [no, yes] in [["no", "yes"], ["No", "yes"], ["no", "Yes"], ["0", "1"], ["False", "True"], ["9", "10"]] {
        for turn in [0, 3] {
            let mut rows = rows.map(|row| row.replace("no", no).replace("yes", yes));
            rows.rotate_left(turn);
            let ran = run(format!("x,y\n{}\n", rows.join("\n")), line)?;
            ran.said(&[&format!("reference class: y = {no}\n")]);
            // By Newton's method in another language.
            let (intercept, slope) = (ran.number("(intercept)")?, ran.number("x")?);
            ensure!((intercept + 1.340768).abs() < 1e-6 && (slope - 0.383077).abs() < 1e-6, "{intercept} {slope}");
        }
    }
    Ok(())
}

#[test]
fn nor_does_it_change_a_tree_or_a_coin() -> Result<()> {
    let rows = ["u,no", "v,yes", "w,no", "u,yes", "v,yes", "w,no", "u,no", "v,no"];
    for line in ["decision_tree", "coin"] {
        let line = format!("{line} --csv table.csv --target y --out out");
        let first = run(format!("x,y\n{}\n", rows.join("\n")), &line)?;
        first.said(&[]);
        for turn in [2, 5] {
            let mut rows = rows;
            rows.rotate_left(turn);
            assert_eq!(run(format!("x,y\n{}\n", rows.join("\n")), &line)?.out, first.out);
        }
    }
    Ok(())
}

fn read(text: impl AsRef<[u8]>) -> candle_mle::Result<Table> {
    Table::from_reader(text.as_ref(), None)
}

fn dropping(text: &str) -> candle_mle::Result<Table> {
    Reading { missing: Missing::Drop, ..Reading::default() }.reader(text.as_bytes())
}

/// That it was refused in words that say all of this.
#[track_caller]
fn refused<T>(made: candle_mle::Result<T>, says: &[&str]) {
    let message = made.err().map(|e| e.to_string()).unwrap_or_default();
    for part in says {
        assert!(message.contains(part), "'{part}' is not in '{message}'");
    }
}

const PLAIN: &str = "dose,place,answer\n1.5,Ulm,no\n2.5,Bonn,no\n3.5,Ulm,yes\n4.5,Bonn,no\n2.5,Ulm,yes\n3.5,Bonn,yes\n\
                     1.5,Bonn,no\n4.5,Ulm,yes\n1.5,Ulm,yes\n4.5,Bonn,yes\n2.5,Bonn,yes\n3.5,Ulm,no\n";

fn wide(text: &str, mark: &[u8], of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16().flat_map(of)).collect()
}

/// https://github.com/pandas-dev/pandas/issues/4793, https://github.com/close2/csv/issues/68,
/// https://github.com/mechatroner/vscode_rainbow_csv/issues/108
#[test]
fn what_spreadsheets_save_is_one_table() -> Result<()> {
    let plain = read(PLAIN)?;
    let by = |separator: &str| PLAIN.replace(',', separator);
    let commas = by(";").replace('.', ",");
    let lines = || PLAIN.lines();
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("semicolons", by(";").into()),
        ("tabs", by("\t").into()),
        ("bars", by("|").into()),
        ("decimal commas", commas.clone().into()),
        ("decimal commas and tabs", by("\t").replace('.', ",").into()),
        ("sep=;", format!("sep=;\r\n{}", by(";")).into()),
        ("\"sep=,\"", format!("\"sep=,\"\n{PLAIN}").into()),
        ("UTF-16, little end first", wide(PLAIN, b"\xff\xfe", u16::to_le_bytes)),
        ("UTF-16, big end first", wide(PLAIN, b"\xfe\xff", u16::to_be_bytes)),
        ("UTF-16 without a mark", wide(&commas, b"", u16::to_le_bytes)),
        ("a mark, sep=; and decimal commas", format!("\u{feff}sep=;\n{commas}").into()),
        ("old line ends", PLAIN.replace('\n', "\r").into()),
        ("the end of a file of DOS", format!("{PLAIN}\u{1a}").into()),
        ("comments", format!("# exported, by a logger\n# units: mg\n{PLAIN}").into()),
        ("a title", format!("Responses 2023\n\n{PLAIN}").into()),
        ("a title with a comma in it", format!("Responses, 2023\n{PLAIN}").into()),
        ("a title with commas", format!("Responses 2023,,\n,,\n{PLAIN}").into()),
        ("a separator at the end", lines().map(|line| format!("{line},\n")).collect::<String>().into()),
        ("empty rows at the end", format!("{PLAIN},,\n,,\n").into()),
        ("a line of totals", format!("{PLAIN}Total,,12\n").into()),
        ("single quotes", PLAIN.replace("Ulm", "'Ulm'").into()),
        ("typographic quotes", PLAIN.replace("Ulm", "“Ulm”").into()),
        // https://github.com/NHSDigital/manage-vaccinations-in-schools/pull/3410
        ("no-break spaces", PLAIN.replace("Ulm", "\u{a0}Ulm\u{a0}").replace("dose", "dose\u{a0}").into()),
        ("spaces of no width", PLAIN.replace("Bonn", "Bo\u{200b}nn\u{feff}").into()),
        (
            "row names",
            lines()
                .enumerate()
                .map(|(at, line)| format!("{},{line}\n", ["", "r"][at.min(1)].repeat(at)))
                .collect::<String>()
                .into(),
        ),
    ];
    for (what, text) in texts {
        let table = read(&text).with_context(|| what.to_string())?;
        assert_eq!((table.columns(), table.count()), (plain.columns(), plain.count()), "{what}");
        assert_eq!(table.design("answer").build()?.names, plain.design("answer").build()?.names, "{what}");
    }
    // é of one character and é of two.
    let table = read(PLAIN.replace("Ulm", "Köln").replacen("Köln", "Ko\u{308}ln", 1))?;
    assert_eq!(table.columns()[1].1.distinct(), 2);
    Ok(())
}

#[test]
fn what_is_left_out_is_said() -> Result<()> {
    let text = format!("Responses 2023,,\n# a comment\n{PLAIN},,\nTotal,,12\n");
    let notes = read(text)?.notes().join("; ");
    for part in ["1 line left out as comments", "line 1, 'Responses 2023'", "line 17", "totals", "no cell is filled"] {
        ensure!(notes.contains(part), "'{part}' is not in '{notes}'");
    }
    Ok(())
}

/// https://github.com/deephaven/deephaven-core/issues/1800
#[test]
fn what_cannot_be_read_is_refused_by_its_cause() {
    refused(read(b"x,y\n1,K\xf6ln\n2,Ulm\n"), &["line 2", "Latin-1", "iconv -f WINDOWS-1252 -t UTF-8"]);
    refused(read("x,y\n1,U\0lm\n2,Bonn\n"), &["line 2", "code 0", "damaged"]);
    refused(read(b"PK\x03\x04..."), &["workbook", "CSV"]);
    refused(read(b"\x1f\x8b\x08"), &["gzip"]);
    refused(read("@RELATION iris\n@DATA\n5.1,a\n"), &["ARFF", "CSV"]);
    refused(read("[{\"x\": 1}]"), &["JSON", "CSV"]);
    refused(read("mpg cyl weight\n18 8 3504\n15 8 3693\n"), &["3 words in every line", "tr -s ' ' ,"]);
    refused(read("x,y\n1,a\n2,b\nsource: a survey\n").map(|t| t.design("y").build()), &["line 4", "1 cell"]);
    refused(read("x\n1,5\n2,5\n3,5\n"), &["2 cells, but the header has 1", "--separator ';'"]);
    let by =
        |separator| Reading { separator: Some(separator), ..Reading::default() }.reader("x\n1,5\n2,5\n".as_bytes());
    assert_eq!(by(';').map(|table| table.numbers("x").map(<[f64]>::to_vec).ok()).ok(), Some(Some(vec![1.5, 2.5])));
    refused(by('é'), &["'é'", "cannot part cells"]);
}

#[test]
fn a_table_without_names_does_not_lose_its_first_row() -> Result<()> {
    let iris = "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n7.0,3.2,Iris-versicolor\n6.4,3.2,Iris-versicolor\n";
    let adult = "39, State-gov, 77516, Bachelors\n50, Private, 83311, Bachelors\n38, Private, 215646, HS-grad\n\
                 53, State-gov, 234721, HS-grad\n";
    let mushrooms = "p,x,s\ne,x,s\ne,b,s\np,x,y\np,b,y\n";
    for text in [
        iris,
        adult,
        mushrooms,
        "6,148,72\n1,85,66\n8,183,64\n",
        "3,?,alfa\n1,?,audi\n1,70,audi\n",
        "12/05/2021,4\n13/05/2021,5\n14/05/2021,7\n",
    ] {
        refused(read(text), &["line 1", "looks like a row", "--no-header"]);
        let table = Reading { headless: true, ..Reading::default() }.reader(text.as_bytes())?;
        assert_eq!((table.rows(), table.columns()[0].0.as_str()), (text.lines().count(), "column 1"));
    }
    // Years, and the numbers that programs give to columns, are names.
    for text in [
        "country,2019,2020\nde,1,2\nfr,3,5\n",
        "0,1,2\n4.5,1.5,a\n3.5,2.5,b\n",
        "2019,2020\n3,4\n5,6\n",
        "2021-01,2021-02\n3,4\n5,6\n",
    ] {
        assert_eq!(read(text)?.rows(), 2, "{text}");
    }
    Ok(())
}

const PENGUINS: &str = "species,island,body_mass_g,sex,year\nAdelie,Torgersen,3750,male,2007\n\
    Adelie,Torgersen,3800,female,2007\nAdelie,Torgersen,NA,NA,2007\nAdelie,Dream,3450,female,2008\n\
    Gentoo,Biscoe,4500,female,2007\nGentoo,Biscoe,5700,male,2008\nGentoo,Biscoe,4100,NA,2007\nAdelie,Dream,3250,male,2007\n";

/// The table palmerpenguins writes NA, UCI a question mark, others nothing.
#[test]
fn missing_cells_count_only_in_the_columns_that_are_used() -> Result<()> {
    for mark in ["NA", "", "?", "n/a", "NaN", "null", "None", ".", "-", "−", "#N/A", "NULL", "<NA>"] {
        let text = PENGUINS.replace("NA", mark);
        let table = read(&text)?;
        // What is not used is not in the way.
        assert_eq!(table.design("species").from(["island", "year"]).build()?.p.total(), 8.0);
        // Both columns in one message, with the first place and the flag.
        let shown = format!("line 4, column 'sex' holds '{mark}'");
        let says = ["2 columns", &shown, "the 2 rows of 8", "--missing drop", "--missing level", "'body_mass_g'"];
        refused(table.design("species").from(["sex", "body_mass_g"]).build(), &says);
        refused(table.points(&["body_mass_g"]), &["line 4", "'body_mass_g'", "--missing drop"]);
        refused(Tree::grow(&table, "species", &["sex".into()], Stop::default()), &[&shown]);
        refused(table.pmf(&["sex"]), &[&shown]);
        let dropping = dropping(&text)?;
        let design = dropping.design("sex").from(["body_mass_g"]).build()?;
        assert_eq!(
            (design.p.total(), design.names.classes.as_slice()),
            (6.0, ["female".to_string(), "male".into()].as_slice())
        );
        ensure!(design.notes.contains(&"2 of 8 rows left out: a cell is missing in sex (2), body_mass_g (1)".into()));
        assert_eq!(dropping.design("sex").outcomes()?.p.total(), 6.0);
        assert_eq!(dropping.points(&["body_mass_g"])?.p.total(), 7.0);
        assert_eq!(Tree::grow(&dropping, "sex", &["island".into()], Stop::default())?.root().counts, [3.0, 3.0]);
        let level = Reading { missing: Missing::Level, ..Reading::default() }.reader(text.as_bytes())?;
        assert_eq!(level.design("species").from(["sex"]).build()?.names.columns, ["sex male", "sex missing"]);
        refused(level.design("species").from(["body_mass_g"]).build(), &["no number is a level", "--missing drop"]);
        refused(level.design("sex").from(["year"]).build(), &["no class", "--missing drop"]);
    }
    refused(dropping("x,y\nNA,a\n1,NA\n")?.design("y").build(), &["every one of the 2 rows", "x (1)", "y (1)"]);
    // A count that is missing.
    let counted = |missing| {
        Reading { missing, count: Some("n".into()), ..Reading::default() }.reader("x,n\na,1\nb,NA\n".as_bytes())
    };
    refused(counted(Missing::Error), &["line 3", "'n'", "'NA'"]);
    assert_eq!(counted(Missing::Drop)?.count(), [1.0]);
    Ok(())
}

#[test]
fn the_flags_of_missing_cells_work_in_every_example() -> Result<()> {
    let place = Place::with(PENGUINS)?;
    for line in [
        "logistic --target sex --columns body_mass_g",
        "softmax --target sex --columns body_mass_g",
        "coin --target sex",
        "decision_tree --target sex",
        "gaussian --columns body_mass_g",
    ] {
        let ran = place.run(&format!("{line} --csv table.csv --out out"))?;
        ensure!(
            ran.code == 1 && ran.err.contains("line 4") && ran.err.contains("--missing drop"),
            "{line}: {}",
            ran.err
        );
        place.run(&format!("{line} --csv table.csv --missing drop --out out"))?.said(&["of 8 rows left out"]);
    }
    Ok(())
}

/// https://github.com/haifengl/smile/issues/543
#[test]
fn dates_money_and_units_are_refused_by_name_and_per_cent_is_read() -> Result<()> {
    for (cells, says) in [
        (["2023-01-01", "2023-01-02", "2023-02-03"], "a date"),
        (["31.12.2022", "1.1.2023", "2.1.2023"], "a date"),
        (["12/31/22", "1/1/23", "1/2/23"], "a date"),
        (["2023-01-01T10:00:00Z", "2023-01-01T10:05:00Z", "2023-01-02T10:00:00Z"], "a date"),
        (["2023-01-01 10:00", "2023-01-01 10:05", "2023-01-02 10:00"], "a date"),
        (["3 Jan 2023", "4 Jan 2023", "12 March 2023"], "a date"),
        (["\"Jan 3, 2023\"", "\"Jan 4, 2023\"", "\"May 5, 2023\""], "a date"),
        (["2023-01", "2023-02", "2023-03"], "a date"),
        (["20230131", "20230201", "20230202"], "a date"),
        (["10:00", "10:05", "23:59"], "a time"),
        (["9:05:30", "10:05:31.5", "3:15 pm"], "a time"),
        (["$5", "$7.50", "$1,000"], "currency"),
        (["5 €", "7.5 €", "8 €"], "currency"),
        (["EUR 5", "EUR 7", "EUR 8"], "currency"),
        (["(5.00)", "(7.00)", "8.00"], "brackets"),
        (["\"1,234\"", "\"12,345\"", "\"1,234,567.5\""], "thousands"),
        (["1 234", "12 345", "999 999"], "thousands"),
        (["1'234", "12'345", "1'000'000"], "thousands"),
        (["5 kg", "7 kg", "8 kg"], "'kg'"),
        (["5mg", "7.5mg", "8mg"], "'mg'"),
        (["<5", "7", "8"], "bound"),
    ] {
        let cell = |at: usize| {
            if cells[at].contains(',') && !cells[at].contains('"') {
                format!("\"{}\"", cells[at])
            } else {
                cells[at].into()
            }
        };
        let rows: String = (0..12).map(|at| format!("{},{at},{}\n", cell(at % 3), at % 2)).collect();
        let text = format!("when,x,y\n{rows}");
        refused(read(&text)?.design("y").build(), &["line 2", "column 'when'", says]);
        // Left out, or levels each: as it is said.
        assert_eq!(read(&text)?.without(&["when"])?.design("y").build()?.names.columns, ["x"]);
        let levels = Reading { categorical: vec!["when".into()], ..Reading::default() }.reader(text.as_bytes())?;
        assert_eq!(levels.design("y").from(["when"]).build()?.names.columns.len(), 2, "{cells:?}");
    }
    let percent = read("share,y\n12%,a\n50 %,b\n7.5%,a\n")?;
    assert_eq!(percent.numbers("share")?, [12.0, 50.0, 7.5]);
    ensure!(percent.with_only(&["share"])?.notes().iter().any(|note| note.contains("per cent")));
    refused(read("share,y\n12%,a\n0.5,b\n7%,a\n")?.numbers("share"), &["line 3", "'0.5'", "per cent"]);
    // Levels that begin with a number stay levels.
    for cells in [
        ["1st", "2nd", "3rd"],
        ["4th", "5th", "6th"],
        ["20-30", "30-40", "40+"],
        ["A1", "B2", "C3"],
        ["1a", "1b", "2a"],
    ] {
        let rows: String = (0..12).map(|at| format!("{},{}\n", cells[at % 3], at % 2)).collect();
        assert_eq!(read(format!("c,y\n{rows}"))?.design("y").build()?.names.columns.len(), 2, "{cells:?}");
    }
    Ok(())
}

#[test]
fn what_was_read_is_said_and_codes_are_pointed_at() -> Result<()> {
    let rows: String =
        (0..24).map(|at| format!("{},{},{},{}\n", 1 + at % 3, ["u", "v"][at / 12], at, at % 2)).collect();
    let text = format!("ward,place,dose,y\n{rows}");
    let notes = read(&text)?.design("y").build()?.notes.join("\n");
    ensure!(notes.contains("read ward: numbers, place: 2 categories (base u), dose: numbers"), "{notes}");
    ensure!(
        notes.contains("ward holds few different whole numbers and enters as one slope")
            && notes.contains("--categorical ward")
    );
    // As levels they stand in numeric order, as text they would not.
    let line = "logistic --csv table.csv --target y --categorical ward --exclude place --out out";
    let ran = run(text.replace("\n2,", "\n10,"), line)?;
    ran.said(&["read ward: 3 categories (base 1), dose: numbers", "y from ward 3, ward 10, dose"]);
    for flag in ["--categorical q", "--exclude q", "--categorical y,q"] {
        let ran = run(&text, &format!("logistic --csv table.csv --target y {flag} --out out"))?;
        ensure!(ran.code == 1 && ran.err.contains("no column 'q'; it has: ward, place"), "{}", ran.err);
    }
    Ok(())
}

/// https://github.com/apache/spark/pull/6611, https://github.com/scikit-learn/scikit-learn/pull/21384
#[test]
fn identifiers_are_refused_by_trees_and_fits_alike() -> Result<()> {
    let rows: String = (0..40).map(|at| format!("P{:03},t{},{},{}\n", at, at % 25, at % 7, at % 2)).collect();
    let table = read(format!("passenger,ticket,age,y\n{rows}"))?;
    let says = [
        "2 columns",
        "'passenger': every row has a different value",
        "--exclude passenger",
        "'ticket': 25 different values in 40 rows",
    ];
    refused(table.design("y").build(), &says);
    refused(table.ranking("y", &[]), &says);
    refused(Tree::grow(&table, "y", &[], Stop::default()), &says);
    assert_eq!(table.without(&["passenger", "ticket"])?.design("y").build()?.names.columns, ["age"]);
    // A row of counts stands for many.
    let counted = |n: usize| {
        let rows: String = (0..24).map(|at| format!("t{},{},{n}\n", at / 2 + 1, at % 2)).collect();
        Table::from_reader(format!("town,y,n\n{rows}").as_bytes(), Some("n"))
    };
    assert_eq!(counted(9)?.design("y").build()?.names.columns.len(), 11);
    Ok(())
}

#[test]
fn columns_of_one_value_are_left_out_with_one_note() -> Result<()> {
    let table = read("a,b,x,y\n7,u,1,p\n7,u,2,q\n7,u,3,p\n7,u,1,q\n")?;
    let design = table.design("y").build()?;
    assert_eq!(design.names.columns, ["x"]);
    ensure!(design.notes.contains(&"left out, holding one value only: a (7), b (u)".into()), "{:?}", design.notes);
    assert_eq!(table.points::<&str>(&[])?.names.columns, ["x"]);
    refused(table.points(&["a", "x"]), &["'a'", "constant"]);
    refused(table.design("y").from(["a", "b"]).build(), &["'y'", "a (7), b (u)", "--columns none"]);
    Ok(())
}

/// https://github.com/elastic/ml-cpp/pull/2395, https://github.com/accord-net/framework/issues/1911
#[test]
fn numbered_classes_are_classes_where_they_repeat() -> Result<()> {
    let rows: String = (0..130).map(|at| format!("{},{}\n", at % 10, at % 26)).collect();
    let design = read(format!("x,letter\n{rows}"))?.design("letter").build()?;
    assert_eq!((design.names.classes.len(), design.names.classes[10].as_str()), (26, "10"));
    let rows: String = (0..30).map(|at| format!("{},{}.5\n", at % 10, at)).collect();
    refused(
        read(format!("x,y\n{rows}"))?.design("y").build(),
        &["30 different numbers are no classes", "--categorical y"],
    );
    let rows: String = (0..30).map(|at| format!("{},w{}\n", at % 10, at)).collect();
    refused(
        read(format!("x,y\n{rows}"))?.design("y").build(),
        &["30 different values", "no classes", "--categorical y"],
    );
    // A class that was seen once is pointed at, and one written in two ways.
    let once = read("x,y\n1,a\n2,b\n3,a\n1,b\n2,c\n")?.design("y").build()?;
    ensure!(once.notes.contains(&"classes of y that were seen once: c".into()), "{:?}", once.notes);
    let twice = read("x,y\n1,yes\n2,no\n3,Yes\n1,no\n")?.design("y").build()?;
    refused(twice.names.two_classes(), &["Yes", "write", "alike"]);
    Ok(())
}

/// https://github.com/HealthCatalyst/healthcareai-r/issues/1140
#[test]
fn truth_is_one_level_however_it_is_spelt() -> Result<()> {
    let table = read("x,y\n1,False\n2,TRUE\n3,True\n4,false\n")?;
    assert_eq!(table.design("y").build()?.names.classes, ["false", "true"]);
    Ok(())
}

#[test]
fn counts_may_stand_in_a_column_for_each_class() -> Result<()> {
    let long = Table::from_reader("dose,outcome,n\n1,lived,8\n1,died,2\n2,lived,4\n2,died,6\n".as_bytes(), Some("n"))?;
    let long = long.design("outcome").base("outcome", "lived").build()?;
    let wide = read("dose,died,lived\n1,2,8\n2,6,4\n")?.stack("outcome", &["lived", "died"])?;
    let trials = read("dose,died,all\n1,2,10\n2,6,10\n")?.with_failures("lived", "died", "all")?;
    let trials = trials.stack("outcome", &["lived", "died"])?;
    for table in [wide, trials] {
        let design = table.design("outcome").build()?;
        assert_eq!(design.names, long.names);
        let cells = |design: &Design| -> Result<Vec<[u64; 3]>> {
            let of = [host(design.p.batch().x())?, host(design.p.batch().y())?, host(design.p.count())?];
            let mut cells: Vec<_> = (0..4).map(|row| [0, 1, 2].map(|at| of[at][row].to_bits())).collect();
            cells.sort();
            Ok(cells)
        };
        assert_eq!(cells(&design)?, cells(&long)?);
    }
    refused(read("d,a,n\n1,5,4\n2,1,2\n")?.with_failures("b", "a", "n"), &["line 2", "5 of 4", "more"]);
    let place = Place::with("dose,died,all\n1,2,10\n2,6,10\n")?;
    let ran = place.run("logistic --csv table.csv --count died --trials all --out out")?;
    ran.said(&["n = 20 observations", "reference class: outcome = not died"]);
    // ln 6/4 − ln 2/8.
    ensure!((ran.number("dose")? - 6f64.ln()).abs() < 1e-6, "{}", ran.out);
    Ok(())
}

/// `outcome ~ 1`.
#[test]
fn the_intercept_alone_is_a_model() -> Result<()> {
    let table = "x,y\n1,no\n2,yes\n3,no\n1,no\n2,no\n";
    for example in ["logistic", "softmax"] {
        let ran = run(table, &format!("{example} --csv table.csv --target y --columns none --out out"))?;
        ran.said(&["the intercept alone", "\nconverged"]);
        ensure!((ran.number("(intercept)")? + 4f64.ln()).abs() < 1e-6 && ran.left.len() == 6, "{}", ran.out);
        // A table of nothing but its target has no other model.
        let ran = run("y\nno\nyes\nno\nno\nno\n", &format!("{example} --csv table.csv --target y --out out"))?;
        ensure!((ran.number("(intercept)")? + 4f64.ln()).abs() < 1e-6, "{}", ran.out);
    }
    Ok(())
}

/// https://github.com/statsmodels/statsmodels/issues/4738
#[test]
fn a_number_that_may_mark_a_missing_value_is_pointed_at() -> Result<()> {
    for mark in ["-9999", "999999999", "-999", "9.96921e36"] {
        let cells = |at: usize| {
            if at % 6 == 2 {
                [mark.to_string(), mark.to_string()]
            } else {
                [format!("{}.5", 30 + at), format!("{}.25", at % 5)]
            }
        };
        let rows: String =
            (0..24).map(|at| format!("{},{}\n", cells(at).join(","), ["u", "v"][at * at % 3 % 2])).collect();
        let table = read(format!("albumin,bilirubin,y\n{rows}"))?;
        let said = match table.design("y").build() {
            Ok(design) => design.notes.join("\n"),
            Err(error) => error.to_string(),
        };
        for part in ["in albumin (lines 4, 10, 16, …)", "in bilirubin", "missing value", "--missing drop"] {
            ensure!(said.contains(part), "'{part}' is not in '{said}'");
        }
        ensure!(!said.contains("give more rows"), "{said}");
    }
    // Nines among numbers of their size are numbers.
    let rows: String = (0..24).map(|at| format!("{},{}\n", 900 + at * 9, at % 2)).collect();
    ensure!(!read(format!("x,y\n{rows}99,1\n"))?.design("y").build()?.notes.join(" ").contains("far from"));
    Ok(())
}

/// https://github.com/statsmodels/statsmodels/issues/4839, https://github.com/haifengl/smile/issues/578
#[test]
fn columns_that_others_combine_to_are_named_and_fitted() -> Result<()> {
    let rows: String = (0..8)
        .map(|at| {
            format!("{},{}\n", (0..12).map(|j| ((at * j + j) % 5).to_string()).collect::<Vec<_>>().join(","), at % 2)
        })
        .collect();
    let names: Vec<String> = (0..12).map(|j| format!("w{j}")).collect();
    let table = format!("{},y\n{rows}", names.join(","));
    let ran = run(table.clone(), "logistic --csv table.csv --target y --out out")?;
    ran.said(&[
        "each a linear combination of the columns before it over these rows, for more columns than rows determine (9 of 8 rows): w4, w6, w7",
        "apart in part",
    ]);
    // A density of them is another matter: its covariance is singular.
    let message = read(table)?.points::<&str>(&[]).err().map(|e| e.to_string()).unwrap_or_default();
    ensure!(message.contains("columns, but 8 rows"), "{message}");
    // Several combinations are named at once; the fit is that of the columns that tell something of their own.
    let rows: String = (0..9).map(|at| format!("{at},{},{},{},{}\n", at * at, 2 * at, at * at + 1, at % 2)).collect();
    let table = read(format!("a,b,c,d,y\n{rows}"))?;
    refused(table.points(&["a", "b", "c", "d"]), &["'c', 'd'", "each is a linear combination"]);
    let design = table.design("y").build()?;
    let left_out = "left out, each a linear combination of the columns before it over these rows: c, d";
    ensure!(design.notes.iter().any(|note| note == left_out), "{:?}", design.notes);
    assert_eq!(design.names.columns, ["a", "b"]);
    assert_eq!(table.design("d").from(["a", "b", "c"]).numbers()?.names.columns, ["a", "b"]);
    let nll = |design: &candle_mle::Design| -> Result<f64> {
        let (columns, map) = (design.names.columns.len(), design.p.standardize()?);
        let fitted = maximum_likelihood(&design.p, |vb| Logistic::new(columns, vb)?.standardized(map.clone()))?;
        ensure!(fitted.converged, "{fitted:?}");
        Ok(fitted.cross_entropy().nats())
    };
    let (all, own) = (nll(&design)?, nll(&table.design("y").from(["a", "b"]).build()?)?);
    ensure!((all - own).abs() < 1e-9, "{all}, and {own}");
    Ok(())
}

/// One length in two units: in doubles 0.07 is not 7/100, and what rounding leaves is no column that parts the classes.
#[test]
fn a_column_in_two_units_is_one_column() -> Result<()> {
    let lengths = [8.0, 2.0, 7.0, 5.0, 4.0, 4.0, 3.0, 3.0, 6.0, 6.0];
    let classes = ["yes", "no", "no", "yes", "no", "yes", "no", "no", "no", "yes"];
    let kelvin = |c: f64| (c * 1.8 + 32.0) / 7.0;
    let rows: String = lengths
        .iter()
        .zip(classes)
        .map(|(cm, y)| format!("{cm},{},{},{},{y}\n", cm / 100.0, kelvin(*cm), 1.0 - cm / 9.0))
        .collect();
    let design = read(format!("cm,m,degrees,rest,y\n{rows}"))?.design("y").build()?;
    assert_eq!(design.names.columns, ["cm"]);
    // What is seldom otherwise is a column of its own, however far a value lies: a fill value makes every correlation 1.
    let rows: String = lengths.iter().zip(classes).map(|(cm, y)| format!("{cm},{},{y}\n", cm * cm)).collect();
    let design = read(format!("a,b,y\n{rows}1e9,2e9,no\n"))?.design("y").build()?;
    assert_eq!(design.names.columns, ["a", "b"]);
    // One row in many that differs by little more than rounding.
    let rows: String = (0..400)
        .map(|at| format!("{at},{},{}\n", at as f64 / 10.0 + if at == 77 { 1e-9 } else { 0.0 }, at % 2))
        .collect();
    assert_eq!(read(format!("a,b,y\n{rows}"))?.design("y").build()?.names.columns, ["a", "b"]);
    Ok(())
}

#[test]
fn columns_of_codes_are_categories_in_memory_too() -> Result<()> {
    let Column::Categories { levels, codes } = Column::categories(["10", "9", "1"]) else { anyhow::bail!("numbers") };
    assert_eq!((levels, codes), (vec!["1".to_string(), "9".into(), "10".into()], vec![2, 1, 0]));
    Ok(())
}

/// https://github.com/NVIDIA/cuml/issues/2944, https://github.com/scikit-learn/scikit-learn/issues/30382
#[test]
fn digits_follow_what_is_known() -> Result<()> {
    let rows: String = [1, 4, 9, 16, 25, 36].map(|ms| format!("{}\n", 1_700_000_000_000i64 + ms)).concat();
    run(format!("t\n{rows}"), "gaussian --csv table.csv --out out")?
        .said(&["t  1700000000015.167    4.985627  ", "12.212243    3.525371  "]);
    // https://github.com/scikit-learn/scikit-learn/issues/21305
    for factor in [1e300, 1.0, 1e-300] {
        let rows: String = [("a,no", 0.4), ("a,yes", 0.1), ("b,no", 0.2), ("b,yes", 0.3)]
            .map(|(cell, w)| format!("{cell},{:e}\n", w * factor))
            .concat();
        let ran = run(format!("g,y,w\n{rows}"), "logistic --csv table.csv --target y --count w --out out")?;
        ensure!((ran.number("g b")? - 1.791759).abs() < 2e-6, "{}", ran.out);
        ensure!(ran.out.lines().all(|line| line.chars().count() < 120), "{}", ran.out);
    }
    // Weights as people write them.
    let ran = run("x,y,w\n1,a,0.1\n2,b,0.2\n1,b,583.41\n", "logistic --csv table.csv --target y --count w --out out")?;
    ran.said(&["n = 583.71 observations"]);
    Ok(())
}

#[test]
fn a_tree_of_huge_numbers_prints_no_hundreds_of_digits() -> Result<()> {
    let ran = run("x,y\n1e308,a\n1.1e308,b\n-1e308,a\n", "decision_tree --csv table.csv --target y --out out")?;
    ran.said(&["> 1.05e308: 0 a, 1 b"]);
    ensure!(ran.out.split(|c: char| !c.is_ascii_digit()).all(|digits| digits.len() < 20), "{}", ran.out);
    Ok(())
}

#[test]
fn headings_stand_above_their_columns() -> Result<()> {
    let ran = run(
        "x,y\n1,a\n2,a rather long name of a class\n1,a rather long name of a class\n2,a\n3,a\n",
        "logistic --csv table.csv --target y --out out",
    )?;
    let at =
        |start: &str| ran.out.lines().find(|line| line.starts_with(start)).map(|line| line.trim_end().chars().count());
    assert_eq!(at("  y a rather"), at("    (intercept)"), "{}", ran.out);
    assert_eq!(at("    (intercept)"), at("    x "), "{}", ran.out);
    Ok(())
}

/// https://github.com/PCWG/PCWG/issues/35, https://github.com/medvir/VirMet/issues/28
#[test]
fn two_tables_of_one_name_have_two_folders() -> Result<()> {
    let place = Place::new()?;
    let tables = ["a/data.csv", "b/data.csv", "data.csv", "data.tsv", "data.txt"];
    let mut folders = std::collections::BTreeSet::new();
    for table in tables {
        let path = place.path().join(table);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(path, "x\n1\n2\n4\n")?;
        let ran = place.run(&format!("gaussian --csv {table}"))?;
        ran.said(&[]);
        assert_eq!(ran.left.len(), 6, "{table} overwrote {:?}", folders);
        folders.insert(ran.names()[0].rsplit_once('/').context("a folder")?.0.to_string());
    }
    assert_eq!(folders.len(), tables.len());
    Ok(())
}

/// A column that is said to be of categories is one to the tree too, and to the random orders that tell what chance does.
#[test]
fn a_tree_takes_the_categories_that_it_is_told_of() -> Result<()> {
    let rows: String =
        (0..60).map(|i| format!("p{i},{},{}\n", i % 4, if i % 3 == 0 { "sick" } else { "well" })).collect();
    let place = Place::with(format!("patient,ward,outcome\n{rows}"))?;
    let refused = place.run("decision_tree --csv table.csv --target outcome --out out")?;
    ensure!(refused.code == 1 && refused.err.contains("--categorical patient"), "{}", refused.err);
    let ran = place.run("decision_tree --csv table.csv --target outcome --categorical patient --out out")?;
    assert_eq!(ran.code, 0, "{}", ran.err);
    // It tells all, and so does any order of the answers: chance.
    ensure!(ran.out.contains("No more than chance"), "{}", ran.out);
    Ok(())
}

#[test]
fn a_column_may_have_an_equals_sign_in_its_name() -> Result<()> {
    let table = "a=b,y\nu,0\nu,1\nv,0\nv,1\nv,1\n";
    let ran = run(table, "logistic --csv table.csv --target y --base a=b=v --where a=b=u,v --out out")?;
    ran.said(&["(base v)", "a=b u"]);
    let ran = run(table, "logistic --csv table.csv --target y --base nothing=1 --out out")?;
    ensure!(ran.code == 1 && ran.err.contains("no column 'nothing'"), "{}", ran.err);
    Ok(())
}

#[test]
fn own_marks_of_missing_values_are_marks() -> Result<()> {
    let table = "age,place,y\n-99,here,0\n2,unknown,1\n30,there,0\n95,here,1\n-99.0,there,1\n50,here,0\n";
    let marks: Vec<String> = ["-99", "unknown"].map(String::from).into();
    let reading = Reading { marks, missing: Missing::Drop, ..Reading::default() };
    let design = reading.reader(table.as_bytes())?.design("y").build()?;
    assert_eq!(design.notes[0], "3 of 6 rows left out: a cell is missing in age (2), place (1)");
    let line = "logistic --csv table.csv --target y --missing-marks -99,unknown --missing drop --out out";
    run(table, line)?.said(&["3 of 6 rows left out"]);
    // Without the flag the number is told, with the flag that makes it a mark, though it is not far from the others.
    let told = read(table)?.design("y").build()?.notes.concat();
    ensure!(told.contains("-99 in age (lines 2, 6)") && told.contains("--missing-marks=-99 --missing drop"), "{told}");
    // Numbers on both sides of 0 are no marks.
    let told = read("t,y\n-9,0\n-3,1\n4,0\n9,1\n-9,1\n")?.design("y").build()?.notes.concat();
    ensure!(!told.contains("--missing-marks"), "{told}");
    Ok(())
}

#[test]
fn decimal_commas_in_quotes_are_read() -> Result<()> {
    let table = read("x,y\n\"1,5\",0\n\"2,25\",1\n3,0\n\"-0,5\",1\n")?;
    assert_eq!(table.rows_of(&["x"])?.concat(), [1.5, 2.25, 3.0, -0.5]);
    refused(read("x,y\n\"1,5\",0\n2.5,1\n\"3,5\",0\n")?.design("y").build(), &["a decimal comma and others a point"]);
    Ok(())
}

#[test]
fn codes_with_zeros_in_front_are_told() -> Result<()> {
    let table = "zip,y\n01067,0\n10115,1\n80331,0\n04109,1\n";
    let notes = read(table)?.design("y").build()?.notes.concat();
    ensure!(notes.contains("zip has zeros in front, as in 01067") && notes.contains("--categorical zip"), "{notes}");
    let notes = read("x,y\n0.5,0\n0,1\n10,0\n3,1\n")?.design("y").build()?.notes.concat();
    ensure!(!notes.contains("zeros in front"), "{notes}");
    // A level of its own needs levels.
    let level = Reading { missing: Missing::Level, ..Reading::default() };
    let table = level.reader("code,y\n1,0\n2,1\n,0\n1,1\n".as_bytes())?;
    refused(table.design("y").build(), &["no number is a level", "--categorical code"]);
    Ok(())
}

#[test]
fn a_number_that_many_rows_hold_is_told_where_a_density_is_fitted() -> Result<()> {
    let rain: String =
        (0..50).map(|day| format!("{}\n", if day % 5 < 2 { 0.0 } else { f64::from(day).sqrt() })).collect();
    let notes = read(format!("rain\n{rain}"))?.points::<&str>(&[])?.notes.concat();
    ensure!(notes.contains("40 % of the rows hold 0 in rain") && notes.contains("--missing-marks=0"), "{notes}");
    let rounded: String = (0..50).map(|at| format!("{}\n", (at * at) % 7)).collect();
    let notes = read(format!("x\n{rounded}"))?.points::<&str>(&[])?.notes.concat();
    ensure!(!notes.contains("of the rows hold"), "{notes}");
    Ok(())
}

#[test]
fn what_is_asked_of_a_table_is_heeded_or_refused() -> Result<()> {
    let table = read("x,z,y\n1,a,no\n2,b,yes\n3,a,yes\n4,b,no\n5,a,no\n6,b,yes\n")?;
    let ask = || table.design("y");
    refused(ask().from(["x"]).base("z", "b").build(), &["'z'", "takes no part"]);
    refused(ask().base("z", "b").base("z", "a").build(), &["'z'", "named twice"]);
    refused(ask().alone().from(["x"]).build(), &["from no column, and from x"]);
    refused(ask().from(["x"]).outcomes(), &["'x'", "outcomes alone"]);
    assert_eq!(ask().from(["z"]).base("z", "b").base("y", "yes").build()?.names.columns, ["z a"]);
    let twice = Column::Categories { levels: vec!["lo".into(), "lo".into()], codes: vec![0, 1] };
    refused(Table::from_columns([("a", twice)]), &["'lo' stands there twice"]);
    refused(
        Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[1e308, 1e308]),
        &["the sum of the counts"],
    );
    Ok(())
}
