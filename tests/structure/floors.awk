# The floors of every layer: units (x.hpp with x.cpp) that include nothing of their layer stand on floor 0, the others one
# above the highest that they include. Reads "file:#include line" as grep -H prints it; prints "layer floor: units", or
# "layer: units  <- include each other" where there is no such order.

# Layer and unit of a file or an include: "model" and "blocks/mlp" of include/bitlaw/model/blocks/mlp.hpp.
function split_path(path) {
    sub(/^include\/bitlaw\//, "", path)
    sub(/^src\//, "", path)
    sub(/\.[a-z]+$/, "", path)
    layer = path
    sub(/\/.*/, "", layer)
    unit = substr(path, length(layer) + 2)
}

{
    file = substr($0, 1, index($0, ":") - 1)
    split_path(file)
    own_layer = layer
    own_unit = unit
    units[own_layer, own_unit] = 1
    layers[own_layer] = 1
    if (!match($0, /"[^"]+\.hpp"/)) next
    named = substr($0, RSTART + 1, RLENGTH - 2)
    if (named ~ /^bitlaw\//) {
        if (named !~ /^bitlaw\/.*\//) next
        split_path("include/" named)
    } else {
        folder = file
        sub(/[^\/]*$/, "", folder)
        split_path(folder named)
    }
    if (layer == own_layer && unit != own_unit) includes[own_layer, own_unit, unit] = 1
}

# Whether a unit that is left includes another one that is left (or, from above, is included by one).
function is_held(layer, unit, from_above,    key, part) {
    for (key in includes) {
        split(key, part, SUBSEP)
        if (part[1] != layer || part[from_above ? 3 : 2] != unit) continue
        if ((layer, part[from_above ? 2 : 3]) in left) return 1
    }
    return 0
}

# Takes away all units that nothing holds, as text.
function take_free(layer, from_above,    key, part, taken, name, text) {
    for (key in left) {
        split(key, part, SUBSEP)
        if (!is_held(layer, part[2], from_above)) taken[part[2]] = 1
    }
    for (name in taken) {
        delete left[layer, name]
        text = text " " name
    }
    return text
}

END {
    for (layer_name in layers) {
        delete left
        for (key in units) {
            split(key, part, SUBSEP)
            if (part[1] == layer_name) left[key] = 1
        }
        for (number = 0; (text = take_free(layer_name, 0)) != ""; ++number) print layer_name " " number ":" text
        while (take_free(layer_name, 1) != "") {}
        text = ""
        for (key in left) {
            split(key, part, SUBSEP)
            text = text " " part[2]
        }
        if (text != "") print layer_name ":" text "  <- include each other"
    }
}
