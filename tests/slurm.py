# SPDX-License-Identifier: BSD-3-Clause
"""A Slurm of the tests' own: munged, slurmctld and slurmd in a private
folder, one node that claims 64 CPUs; nothing of the system is touched."""
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONF = """ClusterName=hpo
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
SlurmdPort={port1}
AuthType=auth/munge
AuthInfo=socket={d}/munge.sock
CredType=cred/munge
StateSaveLocation={d}/state
SlurmdSpoolDir={d}/spool
SlurmctldPidFile={d}/slurmctld.pid
SlurmdPidFile={d}/slurmd.pid
SlurmctldLogFile={d}/log/slurmctld.log
SlurmdLogFile={d}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2
ScronParameters=enable
KillWait=10
MinJobAge=600
MailProg={d}/mail.sh
NodeName={host} NodeAddr=127.0.0.1 CPUs=64 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def free_ports():
    """Two neighbouring TCP ports that nobody listens on."""
    for port in range(16817, 17817, 2):
        try:
            for p in (port, port + 1):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", p))
            return port
        except OSError:
            continue
    raise OSError("no free ports")


class Slurm:
    """The cluster; stop() ends it."""

    def __init__(self, path=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hpo-slurm-",
                                                    dir="/tmp"))
        self.folder.chmod(0o755)
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("SLURM", "OMPI_COMM_", "PMIX_"))}
        self.env["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.env["PATH"] = os.pathsep.join(
            [*map(str, path), self.env["PATH"], "/usr/sbin"])
        self.running = []
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        """Starts the three daemons and waits for an idle node."""
        d = self.folder
        for name in ("state", "spool", "log"):
            (d / name).mkdir()
        key = d / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        port = free_ports()
        host = socket.gethostname().split(".")[0]
        (d / "slurm.conf").write_text(CONF.format(
            d=d, port=port, port1=port + 1, user=getpass.getuser(),
            host=host))
        (d / "mail.sh").write_text(f'#!/bin/sh\necho "$@" >>{d}/mail\n')
        (d / "mail.sh").chmod(0o755)
        # slurmd looks for cgroups though nothing here asks for them, and
        # does not start in a chroot that has none mounted.
        if " /sys/fs/cgroup" not in pathlib.Path("/proc/mounts").read_text():
            (d / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        self.daemon("munged", "--force", "--foreground", "--num-threads=2",
                    f"--key-file={key}", f"--socket={d}/munge.sock",
                    f"--pid-file={d}/munged.pid",
                    f"--log-file={d}/log/munged.log",
                    f"--seed-file={d}/munge.seed")
        self.wait(lambda: (d / "munge.sock").exists(), "munged")
        self.daemon("slurmctld", "-D", "-c")
        self.daemon("slurmd", "-D", "-c", "-N", host)
        self.wait(lambda: self.ask("sinfo", "-h", "-o", "%t") == "idle",
                  "an idle node", 60)

    def daemon(self, *words):
        with open(self.folder / "log" / f"{words[0]}.out", "wb") as out:
            self.running.append(subprocess.Popen(
                words, env=self.env, cwd=self.folder, stdout=out,
                stdin=subprocess.DEVNULL, stderr=out,
                start_new_session=True))

    def wait(self, condition, what, seconds=120):
        """Until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited in vain for {what}\n"
                                   f"{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        """The ends of the daemons' logs."""
        return "".join(f"{p.name}\n{p.read_text(errors='replace')[-3000:]}"
                       for p in (self.folder / "log").glob("*.log"))

    def ask(self, *words, cwd=None, check=False, env=None):
        """Standard output of a Slurm command, stripped."""
        done = subprocess.run(words, env={**self.env, **(env or {})}, cwd=cwd,
                              text=True, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def submit(self, *words, cwd, env=None):
        """sbatch; the job's id."""
        return self.ask("sbatch", "--parsable", *map(str, words), cwd=cwd,
                        check=True, env=env)

    def job(self, number):
        """What scontrol knows of a job, as a dict."""
        text = self.ask("scontrol", "-o", "show", "job", str(number))
        return dict(w.split("=", 1) for w in text.split() if "=" in w)

    def state(self, number):
        return self.job(number).get("JobState", "")

    def finish(self, number, seconds=200):
        """Waits for a job's end; its facts."""
        ended = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT",
                 "NODE_FAIL", "PREEMPTED")
        self.wait(lambda: self.state(number) in ended, f"job {number}",
                  seconds)
        return self.job(number)

    def stop(self):
        """Ends jobs and daemons."""
        if len(self.running) == 3:
            self.ask("scancel", "--full", "--state=RUNNING")
        for p in reversed(self.running):
            p.send_signal(signal.SIGTERM)
        for p in self.running:
            try:
                p.wait(timeout=10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        subprocess.run(["pkill", "-KILL", "-f", f"slurmstepd.*{self.folder}"],
                       check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
