#include "bitlaw/studies/study_results.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/output_file.hpp"
#include "result_columns.hpp"
#include "result_rows.hpp"

namespace bitlaw::studies {

namespace {

constexpr std::uint64_t kMostResultBytes = 1 << 26;

void write_results(const std::filesystem::path& path, const std::vector<StudyResult>& results) {
    std::string text = result_header();
    for (const StudyResult& r : results) {
        text += result_line(r);
    }
    write_file(path, text);
}

}  // namespace

std::vector<StudyResult> read_results(const std::filesystem::path& path) {
    std::vector<StudyResult> results;
    std::vector<const ResultColumn*> named;
    std::set<std::string> runs;
    read_result_rows(
        path, kMostResultBytes, "results",
        [&](const std::string& line) {
            named = named_columns(line);
            return !named.empty();
        },
        [&](const std::string& line) {
            results.push_back(parsed_result(named, line));
            if (!runs.insert(results.back().run).second) {
                fail("it is a second row of ", results.back().run);
            }
        });
    return results;
}

std::vector<StudyResult> read_all_results(const StudyPlan& plan) {
    std::vector<StudyResult> all = read_results(plan.results());
    std::set<std::string> known;
    for (const StudyResult& result : all) {
        known.insert(result.run);
    }
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator it(plan.rows(), error), end; !error && it != end;
         it.increment(error)) {
        if (it->path().extension() == ".csv") {
            files.push_back(it->path());
        }
    }
    std::sort(files.begin(), files.end());
    std::map<std::string, std::size_t> place;
    for (const StudyTrunk& trunk : plan.trunks) {
        for (const StudyRun& run : trunk.runs) {
            place.emplace(run.id, place.size());
        }
    }
    std::vector<StudyResult> rows;
    for (const std::filesystem::path& file : files) {
        for (StudyResult& result : read_results(file)) {
            if (known.insert(result.run).second) {
                rows.push_back(std::move(result));
            }
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const StudyResult& a, const StudyResult& b) {
        const auto place_of = [&](const StudyResult& result) {
            const auto found = place.find(result.run);
            return found == place.end() ? place.size() : found->second;
        };
        return place_of(a) < place_of(b);
    });
    all.insert(all.end(), rows.begin(), rows.end());
    return all;
}

std::size_t join_results(const StudyPlan& plan) {
    if (!std::filesystem::exists(plan.rows())) {
        return 0;
    }
    const FileLock guard(plan.work() / "results.lock", FileLock::Wait::yes);
    const std::size_t before = read_results(plan.results()).size();
    const std::vector<StudyResult> all = read_all_results(plan);
    if (all.size() > before) {
        write_results(plan.results(), all);
    }
    return all.size() - before;
}

void add_result(const std::filesystem::path& path, const std::filesystem::path& lock,
                const StudyResult& result) {
    const FileLock guard(lock, FileLock::Wait::yes);
    add_own_result(path, result);
}

void add_own_result(const std::filesystem::path& path, const StudyResult& result) {
    try {
        require_sound_result(result);
    } catch (const Error& error) {  // a row that nothing could read again
        fail("the run ", result.run, " has no sound row for ", path.string(), ": ", error.what(),
             "; nothing was added");
    }
    std::vector<StudyResult> results = read_results(path);
    const auto has_name = [&](const StudyResult& other) { return other.run == result.run; };
    if (std::any_of(results.begin(), results.end(), has_name)) {
        fail(path.string(), " has a row for ", result.run, " already; nothing was added");
    }
    results.push_back(result);
    write_results(path, results);
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
        for (const ResultColumn& c : result_columns()) {
            const bool counts = c.kind == ResultColumn::Kind::planned || c.name == std::string_view("seed");
            if (counts && std::abs(c.number(result) - c.number(wanted)) > kNear * c.number(wanted)) {
                fail_usage(plan.results().string(), " holds the run ", result.run, " with ", c.name, " = ",
                           c.text(result), ", but this config has ", c.text(wanted), kWhatToDo);
            }
        }
    }
}

}  // namespace bitlaw::studies
