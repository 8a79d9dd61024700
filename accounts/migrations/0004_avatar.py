"""The pictures of people; without one they are shown by their initials."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_choices")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="avatar_digest",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=32),
        ),
        migrations.CreateModel(
            name="Avatar",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="avatar",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                ("digest", models.CharField(max_length=32)),
                ("small", models.BinaryField()),
                ("large", models.BinaryField()),
            ],
            options={"verbose_name": "picture", "verbose_name_plural": "pictures"},
        ),
    ]
