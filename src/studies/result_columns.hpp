#pragma once
/// \file The columns of results.csv, and what their numbers can be.

#include <functional>
#include <string>
#include <vector>

#include "bitlaw/studies/study_result.hpp"

namespace bitlaw::studies {

/// A column: its name with its unit, what its number can be, how it is written and how it is read.
struct ResultColumn {
    /// Who determines a column's number: the plan, or a measurement, which a diverged run may not have got
    /// to. What is optional may be empty, or missing in files of earlier versions.
    enum class Kind { other, planned, measured, optional };
    /// What a run can have, both ends included.
    struct Range {
        double low = 0;
        double high = 0;
    };

    const char* name;
    Kind kind;
    Range range;
    std::function<std::string(const StudyResult&)> text;
    std::function<void(StudyResult&, const std::string&)> read;
    std::function<double(const StudyResult&)> number;  ///< none for words
};

/// All of them, in the order of the file.
[[nodiscard]] const std::vector<ResultColumn>& result_columns();

/// The file's first line, and the line of a row.
[[nodiscard]] std::string result_header();
[[nodiscard]] std::string result_line(const StudyResult& result);

/// The columns that a header names, each once, among them all that are not optional; none for another header.
[[nodiscard]] std::vector<const ResultColumn*> named_columns(const std::string& line);

/// A row under such a header. Throws Error for what is not sound.
[[nodiscard]] StudyResult parsed_result(const std::vector<const ResultColumn*>& named,
                                        const std::string& line);

/// Throws Error for numbers that no run has, and for words and numbers that contradict each other; the rates
/// of diverged runs may be any.
void require_sound_result(const StudyResult& result);

}  // namespace bitlaw::studies
