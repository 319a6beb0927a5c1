#pragma once
/// \file The words of `bitlaw study`.

#include <CLI/App.hpp>

#include "options.hpp"

namespace bitlaw::cli {

/// Declares the command's own options; those that every command has are the caller's.
void add_study(CLI::App& app, StudyArguments& arguments);

}  // namespace bitlaw::cli
