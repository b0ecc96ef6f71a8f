#!/usr/bin/env bash
# slurm_up.sh DIR PORT: a real Slurm on loopback for one test, of Debian's package slurm-wlm: no munge, no cgroups, no
# systemd, as root or not. Two virtual nodes n1 and n2 with two CPUs and two stand-in GPUs each; jobs of the partition
# urgent preempt those of the default one. Writes DIR/slurm.conf and DIR/pids (the controller's, then the nodes'); the
# daemons end with slurm_down.sh DIR. Exit code 77: Slurm is not installed.
#   MAX_ARRAY_SIZE   indices of arrays stay below it
#   NODE_TIMEOUT     seconds after which a silent node counts as lost
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin
for program in slurmctld slurmd sbatch scontrol scancel; do command -v "$program" >/dev/null || exit 77; done
mkdir -p "$1"
dir=$(cd "$1" && pwd) port=$2 host=$(hostname -s) user=$(id -un)
mkdir -p "$dir/state" "$dir/log"
# A GPU of gres.conf must be some character device.
printf 'Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n' >"$dir/gres.conf"
{
  cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
MinJobAge=3600
KillWait=5
MaxArraySize=${MAX_ARRAY_SIZE:-1001}
SlurmdTimeout=${NODE_TIMEOUT:-300}
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
SlurmdParameters=config_overrides
GresTypes=gpu
CONF
  for node in 1 2; do
    mkdir -p "$dir/spool.n$node"
    echo "NodeName=n$node NodeHostName=$host NodeAddr=127.0.0.1 Port=$((port + node)) CPUs=2 RealMemory=4000 Gres=gpu:2"
  done
  echo "PartitionName=debug Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP PriorityTier=1"
  echo "PartitionName=urgent Nodes=n[1-2] MaxTime=INFINITE State=UP PriorityTier=2"
} >"$dir/slurm.conf"
export SLURM_CONF=$dir/slurm.conf
slurmctld -D </dev/null >>"$dir/log/out" 2>&1 &
echo $! >"$dir/pids"
for node in 1 2; do
  slurmd -D -N "n$node" </dev/null >>"$dir/log/out" 2>&1 &
  echo $! >>"$dir/pids"
done
for ((i = 0; i < 200; ++i)); do
  [[ $(sinfo -h -o %T 2>/dev/null) == idle ]] && exit 0
  sleep 0.1
done
echo "Slurm did not come up; see $dir/log" >&2
"$(dirname "$0")/slurm_down.sh" "$dir"
exit 1
