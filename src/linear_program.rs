//! A linear program: can moments be met?

use microlp::{ComparisonOp, OptimizationDirection, Problem, Solution};

use crate::error::{Error, Result};

/// A row of coefficients: (column, value), zeros left out.
pub(crate) type SparseRow = Vec<(usize, f64)>;

/// For every row, the weight c ≥ 0 that it can carry while Σ c · row = 0: 0 where it can carry none, otherwise 1 or more.
///
/// The program maximises Σ u over c = u + v with 0 ≤ u ≤ 1 and v ≥ 0. Its feasible weights form a cone, so that a row
/// that can carry any weight can carry 1; and by Farkas' lemma a row that can carry none is one that some direction
/// δ meets strictly, row · δ > 0, while no row is met from the other side.
pub(crate) fn weights(rows: &[SparseRow], columns: usize) -> Result<Vec<f64>> {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let mut sums = vec![vec![]; columns];
    let mut variables = vec![];
    for row in rows {
        let (u, v) = (problem.add_var(1.0, (0.0, 1.0)), problem.add_var(0.0, (0.0, f64::INFINITY)));
        for (column, value) in row {
            sums[*column].extend([(u, *value), (v, *value)]);
        }
        variables.push((u, v));
    }
    for sum in sums {
        problem.add_constraint(sum, ComparisonOp::Eq, 0.0);
    }
    let solution = solve(&problem)?;
    let weight = |(u, v)| {
        let c = solution.var_value(u) + solution.var_value(v);
        // The optimum has no weights between: what is there is the solver's tolerance.
        if c < 0.5 { 0.0 } else { c }
    };
    Ok(variables.into_iter().map(weight).collect())
}

fn solve(problem: &Problem) -> Result<Solution> {
    let gave_up = |why: String| Error::LinearProgram { why };
    let outcome = problem.solve().map_err(|e| gave_up(e.to_string()))?;
    outcome.into_solution().map_err(|_| gave_up("it was interrupted".into()))
}
