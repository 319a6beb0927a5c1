# Sourced by slurm.sh: a Slurm of its own on this machine, by hand and without systemd, all of it below $slurm_home. Nodes n1 and n2
# see the same files, n3 does not see $hidden.

# A process that this script has not started is none of its business.
slurm_pids=()

# free_ports COUNT: so many ports of this machine that nobody listens on.
free_ports() {
    local port found=0
    for port in $(shuf -i 20000-30000 -n 200); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
        echo "$port"
        ((++found < $1)) || return 0
    done
}

write_slurm_config() {
    local ports host node
    read -ra ports <<<"$(free_ports 4 | tr '\n' ' ')"
    host=$(hostname -s)
    cat >"$slurm_home/slurm.conf" <<END
ClusterName=bitlaw
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm_home/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$slurm_home/state
SlurmdSpoolDir=$slurm_home/spool-%n
SlurmctldPidFile=$slurm_home/slurmctld.pid
SlurmdPidFile=$slurm_home/slurmd-%n.pid
SlurmctldLogFile=$slurm_home/slurmctld.log
SlurmdLogFile=$slurm_home/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdTimeout=15
KillWait=10
MessageTimeout=30
ReturnToService=2
MailProg=/bin/true
MpiDefault=none
END
    for node in 1 2 3; do
        echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[$node]} CPUs=1 State=UNKNOWN"
    done >>"$slurm_home/slurm.conf"
    {
        echo "PartitionName=shared Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP"
        echo "PartitionName=apart Nodes=n3 MaxTime=INFINITE State=UP"
    } >>"$slurm_home/slurm.conf"
    export SLURM_CONF=$slurm_home/slurm.conf
}

# start_node NAME: its slurmd, in the background.
start_node() {
    if [[ $1 == n3 ]]; then
        # shellcheck disable=SC2016
        unshare --mount bash -c 'mount -t tmpfs none "$0" && exec slurmd -D -N n3' "$hidden" &
    else
        slurmd -D -N "$1" &
    fi >>"$slurm_home/slurmd-$1.out" 2>&1
    node_pid[$1]=$!
    slurm_pids+=($!)
}

declare -A node_pid

# start_slurm: munged, slurmctld and three slurmd; fails when they do not come up.
start_slurm() {
    mkdir -p "$slurm_home/state"
    dd if=/dev/urandom of="$slurm_home/munge.key" bs=1 count=1024 2>/dev/null
    chmod 400 "$slurm_home/munge.key"
    write_slurm_config
    munged --foreground --force --socket="$slurm_home/munge.socket" --key-file="$slurm_home/munge.key" \
        --pid-file="$slurm_home/munged.pid" --log-file="$slurm_home/munged.log" \
        --seed-file="$slurm_home/munged.seed" >"$slurm_home/munged.out" 2>&1 &
    slurm_pids+=($!)
    wait_for 20 test -S "$slurm_home/munge.socket" || return 1
    slurmctld -D -i >"$slurm_home/slurmctld.out" 2>&1 &
    slurm_pids+=($!)
    start_node n1
    start_node n2
    start_node n3
    wait_for 60 are_idle
}
are_idle() { [[ $(sinfo --noheader --Node --format=%T 2>/dev/null | grep -c '^idle') == 3 ]]; }

# stop_slurm: all that was started here, jobs first.
stop_slurm() {
    local pid
    scancel --me 2>/dev/null
    wait_for 20 no_jobs
    for pid in "${slurm_pids[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${slurm_pids[@]}"; do wait "$pid" 2>/dev/null; done
}
no_jobs() { [[ -z $(squeue --noheader 2>/dev/null) ]]; }
