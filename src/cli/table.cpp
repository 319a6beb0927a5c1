#include "table.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

#include "bitlaw/base/clock.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace format;
using namespace kernels;

std::string today() { return utc_now().substr(0, 10); }

std::string machine_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) {
            const std::size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
            return start == std::string::npos ? "unknown" : line.substr(start);
        }
    }
#if defined(__x86_64__)
    return "x86-64";
#elif defined(__aarch64__)
    return "aarch64";
#else
    return "unknown";
#endif
}

void print_table(const Table& table, const CommonOptions& common,
                 const std::vector<std::pair<std::string, Exact>>& facts) {
    const std::string isa = isa_name(chosen_isa());
    if (!common.json) {
        print(text_of(machine_name(), ", ", thread_count(), thread_count() == 1 ? " thread, " : " threads, ",
                      isa, ", ", today(), "\n", common.command_line, "\n\n", table.text()));
        return;
    }
    Json json{{"machine", machine_name()},
              {"threads", thread_count()},
              {"isa", isa},
              {"date", today()},
              {"command", common.command_line}};
    for (const auto& [name, value] : facts) {
        json[name] = json_of(value);
    }
    json["rows"] = table.json();
    print(json_file(json));
}

void print_rows(const Table& table, const CommonOptions& common) {
    print(common.json ? json_file({{"rows", table.json()}}) : table.text());
}

}  // namespace bitlaw::cli
