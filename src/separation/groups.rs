//! Classes that overlap in all directions are one: whatever separates others moves them alike. Two at a time this is seen of
//! hundreds of classes, where the search among all of them at once would have thousands of parameters.

use std::collections::HashSet;

use super::Search;
use super::hull::Budget;
use super::margins::{Margins, Pair};

/// Which group each class is in, that of class 0 the first, and pairs that must have margin zero because of it.
pub(super) struct Groups {
    pub of: Vec<usize>,
    pub zero: Vec<Pair>,
}

impl Groups {
    /// Each class by itself.
    fn apart(classes: usize) -> Self {
        Self { of: (0..classes).collect(), zero: vec![] }
    }

    pub fn count(&self) -> usize {
        self.of.iter().max().map_or(0, |last| last + 1)
    }

    /// A class of a group.
    pub fn class(&self, group: usize) -> usize {
        self.of.iter().position(|of| *of == group).unwrap_or(0)
    }

    /// The margins of whole groups against each other.
    pub fn margins(&self, margins: &Margins) -> Margins {
        margins.of(None, self.count(), margins.y.iter().map(|y| self.of[*y]).collect())
    }

    /// Joins groups, each with the one that is nearest, for as long as some overlap in all directions. Of two classes the search
    /// itself says so.
    pub fn new(margins: &Margins, budget: &mut Budget) -> Self {
        let (classes, width) = (margins.classes, margins.width());
        let mut groups = Self::apart(classes);
        if classes == 2 {
            return groups;
        }
        let mut rows = vec![vec![]; classes];
        let mut centers = vec![vec![0.0; width]; classes];
        for (row, y) in margins.y.iter().enumerate() {
            rows[*y].push(row);
            centers[*y].iter_mut().zip(margins.x(row)).for_each(|(sum, x)| *sum += x);
        }
        centers.iter_mut().zip(&rows).for_each(|(sum, rows)| sum.iter_mut().for_each(|x| *x /= rows.len() as f64));
        let distance =
            |a: usize, b: usize| centers[a].iter().zip(&centers[b]).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        // Joined groups go on under a number of their own.
        let mut members: Vec<Vec<usize>> = (0..classes).map(|class| vec![class]).collect();
        let mut tried = HashSet::new();
        loop {
            let size = |group: &usize| members[*group].iter().map(|class| rows[*class].len()).sum::<usize>();
            let mut order: Vec<usize> = (0..members.len()).filter(|group| size(group) > 0).collect();
            order.sort_by_key(size);
            let before = members.len();
            for group in order {
                // Another may have taken it in.
                if members[group].is_empty() || !budget.pay(members[group].len() * classes * width) {
                    continue;
                }
                let of = &members[group];
                let others = (0..classes).filter(|class| {
                    !rows[*class].is_empty()
                        && groups.of[*class] != group
                        && !tried.contains(&(group, groups.of[*class]))
                });
                let nearest = others
                    .map(|b| (of.iter().map(|a| distance(*a, b)).fold(f64::INFINITY, f64::min), groups.of[b]))
                    .min_by(|a, b| a.0.total_cmp(&b.0));
                let Some((_, other)) = nearest else { continue };
                let both = [&members[group], &members[other]];
                let Some(zero) = overlap(margins, &rows, both, budget) else {
                    tried.extend([(group, other), (other, group)]);
                    continue;
                };
                groups.zero.extend(zero);
                let joined = [std::mem::take(&mut members[group]), std::mem::take(&mut members[other])].concat();
                joined.iter().for_each(|class| groups.of[*class] = members.len());
                members.push(joined);
            }
            if members.len() == before {
                break;
            }
        }
        // In the order of their first classes.
        let mut first: Vec<usize> = vec![];
        for of in &mut groups.of {
            let at = first.iter().position(|group| group == of).unwrap_or_else(|| {
                first.push(*of);
                first.len() - 1
            });
            *of = at;
        }
        groups
    }
}

/// Pairs that show that two groups of classes overlap in all directions, if they do.
fn overlap(margins: &Margins, rows: &[Vec<usize>], [a, b]: [&Vec<usize>; 2], budget: &mut Budget) -> Option<Vec<Pair>> {
    let of = |classes: &[usize]| classes.iter().flat_map(|class| rows[*class].iter().copied()).collect::<Vec<_>>();
    let (mut part, second) = (of(a), of(b));
    let y = [vec![0; part.len()], vec![1; second.len()]].concat();
    part.extend(second);
    if !budget.pay(part.len() * margins.width()) {
        return None;
    }
    let two = margins.of(Some(part), 2, y);
    let mut search = Search::new(&two, std::mem::replace(budget, Budget(0)));
    let apart = search.decide();
    *budget = std::mem::replace(&mut search.budget, Budget(0));
    match apart {
        // A margin against any class of the other group is one against them all.
        Ok(None) if search.space.rank() == margins.width() => {
            Some(search.zero.iter().map(|(row, class)| (two.place(*row), [a[0], b[0]][*class])).collect())
        }
        _ => None,
    }
}
