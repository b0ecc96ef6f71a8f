// Constants of simulated data. The measured ones are from the 10x data set pbmc4k (2,170 cells x 33,694
// genes, raw UMI counts), moments taken per gene with library sizes as known size factors. Norman's published
// subsets agree in order of magnitude where they can be read (dispersion 0.5 to 0.8 in the few genes of mean
// 0.03 to 1, a mixture of perturbations); the Jurkat screen does not fit a negative binomial of UMIs
// (variance 3.7 times the mean at the lowest means).
#pragma once

#include <cstdint>

namespace sparcell::simulation {

/// Standard deviation of the log of library sizes (measured: 0.42).
inline constexpr double library_log_sd = 0.42;

/// Gene means: log(mean / smallest mean) is exponential with this mean, cut at the largest. Measured on the
/// 5,000 genes of highest variance: standard deviation 1.07, skewness 2.04 (an exponential has 2), 99.9 %
/// quantile 6.4.
inline constexpr double mean_log_scale = 1.07;
inline constexpr double mean_log_largest = 6.5;

/// Dispersion: (base + slope / mean) times a log-normal factor. Median regression on the 8,900 genes with
/// mean above 0.03: 0.139 and 0.0171; the factor's deviation from the 90 genes of mean above 10, where
/// estimates have little noise.
inline constexpr double dispersion_base = 0.139;
inline constexpr double dispersion_slope = 0.0171;
inline constexpr double dispersion_log_sd = 0.5;

// Structure, chosen so that effects have the sizes reported for strong and weak perturbations of Norman et
// al. 2019.
inline constexpr std::int64_t programs = 8;
inline constexpr double program_gene_share = 0.4;  ///< of genes that belong to a program
inline constexpr double negative_share = 0.15;     ///< of a program's genes that it represses
inline constexpr double loading_low = 0.4, loading_high = 1.2;
inline constexpr double activity_sd = 0.6;     ///< of the first program in unperturbed cells,
inline constexpr double activity_decay = 0.7;  ///< and the ratio of each to the one before
inline constexpr double cycle_gene_share = 0.1;
inline constexpr double cycle_low = 0.2, cycle_high = 0.8;  ///< amplitude of the log rate
inline constexpr double cycle_phase_sd = 0.4;               ///< around one of the two peaks (S and G2/M)
inline constexpr double activation_low = 1.5,
                        activation_high = 3.0;  ///< of the perturbed gene itself (CRISPRa)
inline constexpr double strength_median = 0.8, strength_log_sd = 0.5;
inline constexpr double inert_share = 0.2;      ///< of perturbations that change their own gene only
inline constexpr double own_gene_share = 0.01;  ///< of genes that respond outside of programs
inline constexpr double own_effect_sd = 0.5;
inline constexpr double group_size_log_sd = 0.5;  ///< of the number of cells of a perturbation
inline constexpr double guide_efficiency_low = 0.6, guide_efficiency_high = 0.95;
inline constexpr double interaction = 0.5;  ///< synergy adds, buffering takes this share of the sum
inline constexpr double product_interaction = -3;  ///< of the product of two shifts of one program
inline constexpr double mixing_sd = 0.6;           ///< linear: shift of a program for a loading of 1 on another
inline constexpr std::int64_t guides_per_gene = 2, control_guides = 10;

}  // namespace sparcell::simulation
