"""What `palate doctor` looks at, one function per check; `flows.doctor.examine` lists them."""
