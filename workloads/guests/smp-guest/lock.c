#include "lock.h"

#include "../runtime/harts.h"

void lock_acquire(struct lock *lock, bool ticket) {
  if (ticket) {
    uint32_t mine = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != mine) hart_relax();
    return;
  }
  while (__atomic_exchange_n(&lock->next, 1, __ATOMIC_ACQUIRE) != 0)
    while (__atomic_load_n(&lock->next, __ATOMIC_RELAXED) != 0) hart_relax();
}

void lock_release(struct lock *lock, bool ticket) {
  /* Only the holder writes `serving`. */
  if (ticket) __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
  else __atomic_store_n(&lock->next, 0, __ATOMIC_RELEASE);
}
