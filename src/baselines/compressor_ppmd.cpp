#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "compressors.hpp"

namespace bitlaw::baselines {

namespace {

// Whether a program of that name stands in a folder of PATH.
bool has_program(const std::string& name) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

// PPM with information inheritance (Shkarin 2002), by Debian's 7z as a program: order 8 and 256 MiB,
// which 32 MB of text do not fill (1 GiB gives the same size). Times are left out of the archive, so that its
// size is the bytes' alone.
Compressor ppmd_compressor() {
    Compressor ppmd = external_compressor(
        "ppmd",
        "7z a -t7z -m0=PPMd:o=8:mem=256m -mtm=off -bd -y {out}.7z {in} >/dev/null && mv {out}.7z {out}",
        "7z x -so -bd {in} >{out} 2>/dev/null");
    ppmd.name = "7z PPMd -o8";
    if (!has_program("7z")) {
        ppmd.missing = "7z is not installed: apt-get install p7zip-full";
    }
    return ppmd;
}

}  // namespace bitlaw::baselines
