// Stands between SQLite and the system (LD_PRELOAD): writes that stop half-way, syncs and writes that fail, and a death in the middle of a write.
// Only for files whose name has "userstatus.db" in it. Chances are per thousand calls, from the environment.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned state;

static int chance(const char *name) {
  const char *text = getenv(name);
  if (!text) return 0;
  if (!state) {
    const char *seed = getenv("FAULTS_SEED");
    state = seed ? (unsigned)atoi(seed) | 1u : 1u;
  }
  return rand_r(&state) % 1000 < atoi(text);
}

static int ours(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "userstatus.db") != NULL;
}

/* Answers how many bytes may be written; -1: errno is set. */
static ssize_t allowed(int fd, size_t bytes, int *dies) {
  *dies = 0;
  if (!ours(fd)) return bytes;
  if (chance("FAULTS_WRITE_ERROR")) {
    errno = chance("FAULTS_WRITE_FULL") ? ENOSPC : EIO;
    return -1;
  }
  if (bytes > 1 && chance("FAULTS_TORN_DEATH")) {
    *dies = 1;
    return bytes / 2;
  }
  return bytes > 1 && chance("FAULTS_SHORT_WRITE") ? (ssize_t)(bytes / 2) : (ssize_t)bytes;
}

ssize_t write(int fd, const void *data, size_t bytes) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  int dies;
  ssize_t count = allowed(fd, bytes, &dies);
  if (count < 0) return -1;
  ssize_t written = real(fd, data, count);
  if (dies) kill(getpid(), SIGKILL);
  return written;
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
  int dies;
  ssize_t count = allowed(fd, bytes, &dies);
  if (count < 0) return -1;
  ssize_t written = real(fd, data, count, at);
  if (dies) kill(getpid(), SIGKILL);
  return written;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) { return pwrite64(fd, data, bytes, at); }

static int sync_as(const char *name, int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  if (ours(fd) && chance("FAULTS_SYNC_ERROR")) {
    errno = EIO;
    return -1;
  }
  return real(fd);
}

int fsync(int fd) { return sync_as("fsync", fd); }
int fdatasync(int fd) { return sync_as("fdatasync", fd); }
