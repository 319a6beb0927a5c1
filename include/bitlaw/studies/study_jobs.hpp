#pragma once
/// \file The trunks of a study as jobs of a cluster: a job array of Slurm, or a command each.

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bitlaw/studies/study_results.hpp"

namespace bitlaw::studies {

/// How a job calls this program again, anywhere that sees the same files.
struct JobCommand {
    std::filesystem::path program;
    std::filesystem::path config;
    std::filesystem::path folder;        ///< where it was called, for relative names of data
    std::string data_folders;            ///< BITLAW_DATA; empty: not set
    std::optional<std::size_t> threads;  ///< none: all processors that the job has
};

/// One line for the shell that trains and measures a trunk, from any folder; it goes on where an earlier one
/// was stopped, and writes its rows into rows/TRUNK.csv.
[[nodiscard]] std::string trunk_command(const JobCommand& command, const std::string& trunk);

/// A job array that was submitted: task i is trunk i.
struct Submission {
    std::string serial;  ///< "001"
    std::vector<std::string> trunks;
};

/// Those that the study's folder knows, the first one first.
[[nodiscard]] std::vector<Submission> submissions_of(const StudyPlan& plan);

/// Where task `task` writes what it says.
[[nodiscard]] std::filesystem::path log_of(const StudyPlan& plan, const Submission& submission,
                                           std::size_t task);

/// The job's name, from which squeue's answer is understood: of the folder and the serial.
[[nodiscard]] std::string job_name(const StudyPlan& plan, const std::string& serial);

/// The script of a submission. Each task first looks for `token` in the study's folder, which a machine that
/// does not share it has not. A task that a signal stopped (the time limit, preemption) asks to be queued
/// again.
[[nodiscard]] std::string job_script(const StudyPlan& plan, const Submission& submission,
                                     const JobCommand& command, const std::string& token);

/// What submit_study() found and did.
struct SubmitSummary {
    std::size_t done = 0;           ///< trunks whose runs have all ended
    std::size_t active = 0;         ///< trunks that wait or run in Slurm
    std::size_t submitted = 0;      ///< trunks
    std::vector<std::string> jobs;  ///< their numbers in Slurm
};

/// Submits the trunks that have runs left and that no job of Slurm has. The plan needs its recipes. Throws
/// Error when there is no Slurm, when it refuses the job (the partition does not exist, say), and when a task
/// has just failed without having written into the study's folder, which its node then does not share.
SubmitSummary submit_study(const StudyPlan& plan, const JobCommand& command, const std::atomic<bool>& stop);

}  // namespace bitlaw::studies
