#pragma once
/// \file One function a command. Each returns the exit code or throws; what it prints is its result.

#include "arguments.hpp"

namespace bitlaw::cli {

int run_train(const TrainArguments& arguments);
int run_archive(const ArchiveArguments& arguments);  ///< compress, decompress and test
int run_list(const ArchiveArguments& arguments);
int run_recover(const RecoverArguments& arguments);
int run_eval(const EvalArguments& arguments);
int run_levels(const LevelsArguments& arguments);
int run_sample(const SampleArguments& arguments);
int run_plot(const PlotArguments& arguments);
int run_info(const InfoArguments& arguments);
int run_bench(const BenchArguments& arguments);
int run_study_command(const StudyArguments& arguments);
int run_data(const DataArguments& arguments);
int run_table(const TableArguments& arguments);
int run_export(const ExportArguments& arguments);
int run_import(const ImportArguments& arguments);
int run_tokenizer(const TokenizerArguments& arguments);

}  // namespace bitlaw::cli
