#include "result_columns.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>
#include <type_traits>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/size.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/base/text_file.hpp"
#include "result_rows.hpp"

namespace bitlaw::studies {
namespace {

using Kind = ResultColumn::Kind;
using Range = ResultColumn::Range;

template <class Number>
Number number_from(const std::string& text) {
    Number value{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) {
        fail("'", text, "' is not a number");
    }
    return value;
}

ResultColumn column(const char* name, std::string StudyResult::*field) {
    return {name,
            Kind::other,
            {},
            [=](const StudyResult& r) { return r.*field; },
            [=](StudyResult& r, const std::string& text) { r.*field = text; },
            {}};
}

// A number; what is optional is empty where it is 0, or nothing.
template <class Member>
ResultColumn column(const char* name, Kind kind, Range range, Member StudyResult::*field) {
    using Number = std::conditional_t<std::is_integral_v<Member>, std::uint64_t, double>;
    const auto number = [=](const StudyResult& r) {
        if constexpr (std::is_arithmetic_v<Member>) {
            return r.*field;
        } else {
            return (r.*field).value_or(0.0);
        }
    };
    return {name,
            kind,
            range,
            [=](const StudyResult& r) {
                const bool is_empty = kind == Kind::optional && r.*field == Member{};
                return is_empty                     ? std::string()
                       : std::is_integral_v<Member> ? std::to_string(number(r))
                                                    : exact_text(static_cast<double>(number(r)));
            },
            [=](StudyResult& r, const std::string& text) { r.*field = number_from<Number>(text); },
            [=](const StudyResult& r) { return static_cast<double>(number(r)); }};
}

// Sizes that a config can ask for, and what follows from them; 2^50 bytes are more than anybody trains on.
constexpr double kMostBytes = 0x1p50;
constexpr Range kBytes{1, kMostBytes};
// Rates are powers of a few numbers; far from both ends.
constexpr Range kRate{1e-15, 1e15};
// Of archives and of models that are no worse than none; require_consistent() has the exact bound of the
// first.
constexpr Range kHeldOutBits{1e-6, 100};
constexpr Range kBits{1e-6, 8};
// Before the rates fall a run may be worse than no model; more than this is not finite for long.
constexpr Range kTrainingBits{1e-6, 64};
constexpr double kMostSeconds = 3.2e9;  // a century

// The text with every digit a 0: "0000-00-00".
std::string digits_as_0(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }, '0');
    return text;
}

// Throws for words and numbers that contradict each other.
void require_consistent(const StudyResult& r) {
    const std::string begin = text_of('n', size_text(r.size), "-u");
    const std::string end = text_of("-p", r.passes, "-k", r.context, "-s", r.seed);
    if (!r.run.starts_with(begin) || !r.run.ends_with(end)) {
        fail("its name is '", r.run, "', but its columns make ", begin, "...", end);
    }
    if (!r.recipe.empty() &&
        (r.recipe.size() != 16 || r.recipe.find_first_not_of("0123456789abcdef") != std::string::npos)) {
        fail("its recipe '", r.recipe, "' is no hash of 16 digits");
    }
    if (digits_as_0(r.date) != "0000-00-00T00:00:00Z") {
        fail("its date '", r.date, "' is not one such as 2026-01-31T12:00:00Z");
    }
    if (r.multiplied_parameters >= r.parameters) {
        fail("it has ", r.multiplied_parameters, " parameters without embeddings and ", r.parameters,
             " with them");
    }
    if (r.steps * r.batch_bytes != r.trained_bytes) {
        fail(r.steps, " steps of ", r.batch_bytes, " bytes are not the ", r.trained_bytes, " trained on");
    }
    // Six operations a parameter and byte but for embeddings, and no more than twice those of attention to
    // the whole context in heads as wide as the layers, or 16.
    const auto trained = static_cast<double>(r.trained_bytes);
    const auto parameters = static_cast<double>(r.multiplied_parameters);
    const double attended = static_cast<double>(r.layers * r.context * std::max<std::uint64_t>(r.width, 16));
    const double least = 5.9 * parameters * trained;
    const double most = (12.0 * parameters + 24.0 * attended) * trained;
    if (r.training_flops < least || r.training_flops > most) {
        fail("training_flops is ", exact_text(r.training_flops), ", but such a network takes ", least, " .. ",
             most);
    }
    const std::uint64_t read = r.passes * r.unique_bytes;
    if (r.trained_bytes > read || read - r.trained_bytes >= r.batch_bytes) {
        fail(r.passes, " passes over ", r.unique_bytes, " bytes are not the ", r.trained_bytes,
             " trained on");
    }
}

// Throws for what a run that has ended well cannot have measured.
void require_possible(const StudyResult& r) {
    // A block that the model makes larger is stored; header, index and trailer take less than this.
    constexpr double kArchiveBytes = 1024;
    const auto require_archive = [](const char* name, double bits, std::uint64_t bytes) {
        const double most = 8.0 * (1.001 + kArchiveBytes / static_cast<double>(bytes));
        if (bits > most) {
            fail(name, " is ", exact_text(bits), ", but archives have at most ", most);
        }
    };
    require_archive("held_out_bits_per_byte", r.bits_per_byte, r.held_out_bytes);
    if ((r.report_bytes > 0) != (r.report_bits_per_byte > 0)) {
        fail("report_bytes and report_bits_per_byte must both be above zero, or both empty");
    }
    if (r.has_report()) {
        require_archive("report_bits_per_byte", r.report_bits_per_byte, r.report_bytes);
    }
    // bf16: 2 bytes a parameter behind a header.
    constexpr std::uint64_t kHeaderBytes = 4096;
    if (r.model_bytes < 2 * r.parameters || r.model_bytes > 2 * r.parameters + kHeaderBytes) {
        fail("model_bytes is ", r.model_bytes, ", but ", r.parameters,
             " parameters take 2 bytes each and a header");
    }
}

}  // namespace

const std::vector<ResultColumn>& result_columns() {
    using R = StudyResult;
    static const std::vector<ResultColumn> list{
        column("run", &R::run),
        column("status", &R::status),
        column("recipe_hash", &R::recipe),
        column("size_aimed_at", Kind::planned, {1000, 0x1p30}, &R::size),
        column("parameters", Kind::planned, {1, 0x1p31}, &R::parameters),
        column("parameters_without_embeddings", Kind::planned, {1, 0x1p31}, &R::multiplied_parameters),
        column("width", Kind::planned, {1, 8192}, &R::width),
        column("layers", Kind::planned, {1, 256}, &R::layers),
        column("context_bytes", Kind::planned, {1, 0x1p20}, &R::context),
        column("seed", Kind::other, {0, kMostBytes}, &R::seed),
        column("unique_bytes", Kind::planned, kBytes, &R::unique_bytes),
        column("passes", Kind::planned, {1, 10'000}, &R::passes),
        column("trained_bytes", Kind::planned, {1, 1e4 * kMostBytes}, &R::trained_bytes),
        column("steps", Kind::planned, kBytes, &R::steps),
        column("batch_bytes", Kind::planned, kBytes, &R::batch_bytes),
        column("learning_rate", Kind::planned, kRate, &R::learning_rate),
        column("matrix_learning_rate", Kind::planned, kRate, &R::matrix_learning_rate),
        column("training_flops", Kind::planned, {1, 1e30}, &R::training_flops),
        column("held_out_bytes", Kind::measured, kBytes, &R::held_out_bytes),
        column("held_out_bits_per_byte", Kind::measured, kHeldOutBits, &R::bits_per_byte),
        column("held_out_chunk_bits_per_byte", Kind::measured, kBits, &R::chunk_bits_per_byte),
        column("report_bytes", Kind::optional, kBytes, &R::report_bytes),
        column("report_bits_per_byte", Kind::optional, kHeldOutBits, &R::report_bits_per_byte),
        column("copy_score_bits_per_byte", Kind::optional, {-64, 64}, &R::copy_score),
        column("training_bits_per_byte", Kind::measured, kTrainingBits, &R::training_bits_per_byte),
        column("model_bytes", Kind::measured, {1, 0x1p33}, &R::model_bytes),
        column("seconds", Kind::measured, {1e-9, kMostSeconds}, &R::seconds),
        column("threads", Kind::measured, {1, kMostThreads}, &R::threads),
        column("date_utc", &R::date),
    };
    return list;
}

std::string result_header() {
    std::string line;
    for (const ResultColumn& c : result_columns()) {
        line += (line.empty() ? "" : ",") + std::string(c.name);
    }
    return line + "\n";
}

std::string result_line(const StudyResult& result) {
    std::string line;
    for (const ResultColumn& c : result_columns()) {
        line += (&c == result_columns().data() ? "" : ",") + c.text(result);
    }
    return line + "\n";
}

void require_sound_result(const StudyResult& result) {
    if (result.status != "done" && result.status != "diverged") {
        fail("its status is '", result.status, "'");
    }
    for (const ResultColumn& c : result_columns()) {
        const bool is_empty = c.kind == Kind::optional && c.text(result).empty();
        if (c.number && !is_empty && (c.kind != Kind::measured || result.is_done())) {
            const double value = c.number(result);
            if (!(value >= c.range.low && value <= c.range.high)) {
                fail(c.name, " is ", exact_text(value), ", but must lie in ", c.range.low, " .. ",
                     c.range.high);
            }
        }
    }
    require_consistent(result);
    if (result.is_done()) {
        require_possible(result);
    }
}

std::vector<const ResultColumn*> named_columns(const std::string& line) {
    std::vector<const ResultColumn*> found;
    std::set<std::string> seen;
    for (const std::string& name : cells_of(line)) {
        const auto known = std::find_if(result_columns().begin(), result_columns().end(),
                                        [&](const ResultColumn& c) { return c.name == name; });
        if (known == result_columns().end() || !seen.insert(name).second) {
            return {};
        }
        found.push_back(&*known);
    }
    const bool is_whole =
        std::all_of(result_columns().begin(), result_columns().end(),
                    [&](const ResultColumn& c) { return c.kind == Kind::optional || seen.contains(c.name); });
    return is_whole ? found : std::vector<const ResultColumn*>{};
}

StudyResult parsed_result(const std::vector<const ResultColumn*>& named, const std::string& line) {
    const std::vector<std::string> fields = row_cells(line, named.size());
    StudyResult result;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (named[i]->kind != Kind::optional || !fields[i].empty()) {
            named[i]->read(result, fields[i]);
        }
    }
    require_sound_result(result);
    return result;
}

}  // namespace bitlaw::studies
