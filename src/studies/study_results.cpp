#include "bitlaw/studies/study_results.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/base/text_file.hpp"

namespace bitlaw {
namespace {

constexpr std::uint64_t kMostResultBytes = 1 << 26;

// What a column's number must be. The plan determines some; they and what is measured are finite and above
// zero, but for a seed and for what a diverged run did not get to.
enum class Kind { other, planned, measured };

// A column: its name with its unit, how it is written and how it is read.
struct Column {
    const char* name;
    Kind kind;
    std::function<std::string(const StudyResult&)> text;
    std::function<void(StudyResult&, const std::string&)> read;
    std::function<double(const StudyResult&)> number;  // none for words
};

template <class Number>
Number number_from(const std::string& text) {
    Number value{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) {
        fail("'", text, "' is not a number");
    }
    return value;
}

Column column(const char* name, std::string StudyResult::*field) {
    return {name,
            Kind::other,
            [=](const StudyResult& r) { return r.*field; },
            [=](StudyResult& r, const std::string& text) { r.*field = text; },
            {}};
}

Column column(const char* name, Kind kind, std::uint64_t StudyResult::*field) {
    return {name, kind, [=](const StudyResult& r) { return std::to_string(r.*field); },
            [=](StudyResult& r, const std::string& text) { r.*field = number_from<std::uint64_t>(text); },
            [=](const StudyResult& r) { return static_cast<double>(r.*field); }};
}

Column column(const char* name, Kind kind, double StudyResult::*field) {
    return {name, kind, [=](const StudyResult& r) { return exact_text(r.*field); },
            [=](StudyResult& r, const std::string& text) { r.*field = number_from<double>(text); },
            [=](const StudyResult& r) { return r.*field; }};
}

const std::vector<Column>& columns() {
    using R = StudyResult;
    static const std::vector<Column> list{
        column("run", &R::run),
        column("status", &R::status),
        column("recipe_hash", &R::recipe),
        column("size_aimed_at", Kind::planned, &R::size),
        column("parameters", Kind::planned, &R::parameters),
        column("parameters_without_embeddings", Kind::planned, &R::multiplied_parameters),
        column("width", Kind::planned, &R::width),
        column("layers", Kind::planned, &R::layers),
        column("context_bytes", Kind::planned, &R::context),
        column("seed", Kind::other, &R::seed),
        column("unique_bytes", Kind::planned, &R::unique_bytes),
        column("passes", Kind::planned, &R::passes),
        column("trained_bytes", Kind::planned, &R::trained_bytes),
        column("steps", Kind::planned, &R::steps),
        column("batch_bytes", Kind::planned, &R::batch_bytes),
        column("learning_rate", Kind::planned, &R::learning_rate),
        column("matrix_learning_rate", Kind::planned, &R::matrix_learning_rate),
        column("training_flops", Kind::planned, &R::training_flops),
        column("held_out_bytes", Kind::measured, &R::held_out_bytes),
        column("held_out_bits_per_byte", Kind::measured, &R::bits_per_byte),
        column("held_out_chunk_bits_per_byte", Kind::measured, &R::chunk_bits_per_byte),
        column("training_bits_per_byte", Kind::measured, &R::training_bits_per_byte),
        column("model_bytes", Kind::measured, &R::model_bytes),
        column("seconds", Kind::measured, &R::seconds),
        column("threads", Kind::measured, &R::threads),
        column("date_utc", &R::date),
    };
    return list;
}

std::string header() {
    std::string line;
    for (const Column& c : columns()) {
        line += (line.empty() ? "" : ",") + std::string(c.name);
    }
    return line + "\n";
}

std::string row(const StudyResult& result) {
    std::string line;
    for (const Column& c : columns()) {
        line += (&c == columns().data() ? "" : ",") + c.text(result);
    }
    return line + "\n";
}

void require_sound(const StudyResult& result) {
    if (result.status != "done" && result.status != "diverged") {
        fail("its status is '", result.status, "'");
    }
    for (const Column& c : columns()) {
        if (c.kind == Kind::planned || (c.kind == Kind::measured && result.is_done())) {
            const double value = c.number(result);
            if (!std::isfinite(value) || value <= 0.0) {
                fail(c.name, " is ", exact_text(value), " instead of a number above zero");
            }
        }
    }
}

StudyResult parsed_row(const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, ',');) {
        fields.push_back(field);
    }
    if (fields.size() != columns().size()) {
        fail("it has ", fields.size(), " fields instead of ", columns().size());
    }
    StudyResult result;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        columns()[i].read(result, fields[i]);
    }
    require_sound(result);
    return result;
}

}  // namespace

StudyResult planned_result(const StudyTrunk& trunk, const StudyRun& run) {
    StudyResult result;
    result.run = run.id;
    result.recipe = run.recipe;
    result.size = trunk.size;
    result.parameters = parameter_count(trunk.config);
    result.multiplied_parameters = multiplied_parameter_count(trunk.config);
    result.width = trunk.config.width;
    result.layers = trunk.config.layers;
    result.context = trunk.config.context;
    result.seed = trunk.seed;
    result.unique_bytes = run.unique;
    result.passes = run.passes;
    result.trained_bytes = run.bytes;
    result.steps = run.steps;
    result.batch_bytes = trunk.batch_bytes;
    result.learning_rate = trunk.learning_rate;
    result.matrix_learning_rate = trunk.matrix_learning_rate;
    result.training_flops = run.flops;
    return result;
}

std::vector<StudyResult> read_results(const std::filesystem::path& path) {
    std::vector<StudyResult> results;
    if (!std::filesystem::exists(path)) {
        return results;
    }
    const std::vector<std::string> lines = lines_of(read_text(path, kMostResultBytes));
    if (lines.empty() || lines.front() + "\n" != header()) {
        fail(path.string(), ":1: the header is not that of this bitlaw's results; move the file away");
    }
    std::set<std::string> runs;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        try {
            results.push_back(parsed_row(lines[i]));
            if (!runs.insert(results.back().run).second) {
                fail("it is a second row of ", results.back().run);
            }
        } catch (const Error& error) {
            fail(path.string(), ":", i + 1, ": this row cannot be read: ", error.what(), "; remove the row");
        }
    }
    return results;
}

void add_result(const std::filesystem::path& path, const std::filesystem::path& lock,
                const StudyResult& result) {
    try {
        require_sound(result);
    } catch (const Error& error) {  // a row that nothing could read again
        fail("the run ", result.run, " has no sound row for ", path.string(), ": ", error.what(),
             "; nothing was added");
    }
    const FileLock guard(lock, FileLock::Wait::yes);
    std::vector<StudyResult> results = read_results(path);
    const auto has_name = [&](const StudyResult& other) { return other.run == result.run; };
    if (std::any_of(results.begin(), results.end(), has_name)) {
        fail(path.string(), " has a row for ", result.run, " already; nothing was added");
    }
    results.push_back(result);
    std::string text = header();
    for (const StudyResult& r : results) {
        text += row(r);
    }
    write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void require_same_settings(const StudyPlan& plan, const std::vector<StudyResult>& results) {
    constexpr double kNear = 1e-9;  // relative; another compiler may round otherwise
    constexpr const char* kWhatToDo = "; name another folder in the config, or remove its row";
    std::map<std::string, StudyResult> planned;
    for (const StudyTrunk& trunk : plan.trunks) {
        for (const StudyRun& run : trunk.runs) {
            planned[run.id] = planned_result(trunk, run);
        }
    }
    for (const StudyResult& result : results) {
        const auto found = planned.find(result.run);
        if (found == planned.end()) {
            continue;
        }
        const StudyResult& wanted = found->second;
        if (!wanted.recipe.empty() && wanted.recipe != result.recipe) {
            fail_usage(plan.results().string(), " holds the run ", result.run, " made with other settings",
                       kWhatToDo);
        }
        for (const Column& c : columns()) {
            const bool counts = c.kind == Kind::planned || c.name == std::string_view("seed");
            if (counts && std::abs(c.number(result) - c.number(wanted)) > kNear * c.number(wanted)) {
                fail_usage(plan.results().string(), " holds the run ", result.run, " with ", c.name, " = ",
                           c.text(result), ", but this config has ", c.text(wanted), kWhatToDo);
            }
        }
    }
}

}  // namespace bitlaw
