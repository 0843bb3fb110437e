//! What must hold, a claim a module.

mod amounts_keep_their_unit;
mod bad_parameters_are_errors;
mod bad_samples_are_errors;
mod bad_tables_are_errors;
mod closed_forms_match_integrals;
mod codes_pay_what_theory_says;
mod correlated_gaussians;
mod dimension_and_tails_cost_what_is_stated;
mod divergences_keep_their_digits;
mod entropic_clt;
mod estimates_do_not_depend_on_order_or_unit;
mod estimates_hit_closed_forms;
mod gaussian_maximises_entropy;
mod information_survives_what_can_be_undone;
mod jitter_keeps_what_cells_share;
mod ksg_finds_nothing_in_independent_columns;
mod log_probs_are_finite_where_there_is_mass;
mod neighbours_are_counted_exactly;
mod permutation_p_values_are_valid;
mod quadrature_is_honest;
mod table_estimators_are_as_published;
mod table_identities;
mod table_measures_of_the_lecture;
mod ties_bias_what_neighbours_tell;
mod widths_of_any_ratio_are_integrated;
mod zeros_are_exact;
